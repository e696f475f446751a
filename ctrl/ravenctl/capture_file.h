// CaptureFile: the events of a capture as the bytes of a pcapng file.
// SPDX-License-Identifier: Apache-2.0
//
// Pure: an event in, bytes out.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/dpapi/dataplane.pb.h"

namespace raven::ctl {

class CaptureFile {
 public:
  explicit CaptureFile(uint32_t snap_length) : snap_length_{snap_length} {}

  // What to write for this event; the first one begins the file.
  std::string add(const dpapi::v1::CaptureEvent& event);
  // The end of the file: what each interface saw and lost.
  std::string end(int64_t now_ns) const;

  uint64_t packets() const { return packets_; }
  uint64_t lost() const;

 private:
  std::string begin(const dpapi::v1::CaptureEvent& event);

  const uint32_t snap_length_;
  bool begun_ = false;
  std::map<uint32_t, uint32_t> numbers_;  // in the file, by the id in the API
  std::map<uint32_t, dpapi::v1::CaptureCount> counts_;
  uint64_t packets_ = 0;
};

}  // namespace raven::ctl
