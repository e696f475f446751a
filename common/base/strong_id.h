// Id<Tag, T>: an integer that does not mix with other integers.  It converts implicitly neither
// from nor to T. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>

namespace raven {

template <class Tag, std::unsigned_integral T>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(T value) : value_{value} {}
  constexpr T value() const { return value_; }
  auto operator<=>(const Id&) const = default;

 private:
  T value_ = 0;
};

}  // namespace raven

template <class Tag, class T>
struct std::hash<raven::Id<Tag, T>> {
  std::size_t operator()(raven::Id<Tag, T> id) const noexcept { return std::hash<T>{}(id.value()); }
};
