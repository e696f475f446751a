// Wall-clock time as Kubernetes writes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>
#include <string>

namespace raven::kube {

std::string utc_text(time_t seconds);  // "2024-05-01T10:20:30Z" (metav1.Time)
std::string utc_text_now();
std::string micro_time_now();  // "2024-05-01T10:20:30.123456Z": always six decimals (MicroTime)

}  // namespace raven::kube
