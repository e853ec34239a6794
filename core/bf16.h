// bf16: the upper half of a float, an element type for what can do with 8 binary digits.
#pragma once

#include <bit>
#include <cstdint>

namespace carousel {

// A number to store; arithmetic is float's. Rounded to nearest, ties to even; every NaN becomes
// one, as on GPUs.
struct bf16 {
  std::uint16_t bits;

  bf16() = default;
  constexpr explicit bf16(float value) : bits(upper_half(std::bit_cast<std::uint32_t>(value))) {}
  constexpr operator float() const {  // exact
    return std::bit_cast<float>(std::uint32_t{bits} << 16);
  }

 private:
  static constexpr std::uint16_t upper_half(std::uint32_t word) {
    constexpr std::uint32_t infinity = 0x7f800000;
    if ((word & 0x7fffffff) > infinity) return 0x7fff;
    return static_cast<std::uint16_t>((word + 0x7fff + (word >> 16 & 1)) >> 16);
  }
};

// The element type of what must not lose digits where activations are Real: weights and their
// gradients, gates, states, statistics, the loss.
template <class Real>
struct WideOf {
  using type = Real;
};
template <>
struct WideOf<bf16> {
  using type = float;
};
template <class Real>
using Wide = typename WideOf<Real>::type;

}  // namespace carousel
