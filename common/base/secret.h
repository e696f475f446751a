// Secret: key material.  It can be moved, compared in constant time and handed to a cipher; it
// cannot be copied, printed or formatted, and is wiped when it is destroyed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace raven {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::span<const uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  explicit Secret(std::size_t size) : bytes_(size) {}
  Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe();
      bytes_ = std::exchange(other.bytes_, {});
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(); }

  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }

  // The only access to the bytes, so that every use is easy to find.
  std::span<const uint8_t> expose() const { return bytes_; }
  std::span<uint8_t> expose_writable() { return bytes_; }

  bool equals(const Secret& other) const {
    if (size() != other.size()) return false;
    uint8_t difference = 0;
    for (std::size_t i = 0; i < bytes_.size(); ++i)
      difference = static_cast<uint8_t>(difference | (bytes_[i] ^ other.bytes_[i]));
    return difference == 0;
  }

  void wipe() {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
    bytes_.clear();
  }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace raven
