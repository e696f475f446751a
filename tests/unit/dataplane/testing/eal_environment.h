// The EAL of a test program: started before the first test, without hugepages, devices or files.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/settings.h"

namespace raven::dataplane::test {

// Two workers (lcores 1 and 2), 256 MiB, ring ports.  Link with the library and it starts itself.
Settings test_settings();

}  // namespace raven::dataplane::test
