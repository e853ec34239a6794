#include "core/bf16.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>

namespace carousel {

namespace {

constexpr std::uint32_t all = 0x10000;

float held(std::uint32_t bits) { return std::bit_cast<float>(bits << 16); }

}  // namespace

TEST_CASE("bf16: what it holds it keeps, and every NaN is one") {
  std::uint32_t wrong = 0;
  for (std::uint32_t bits = 0; bits < all; ++bits) {
    const bf16 x(held(bits));
    wrong += x.bits != (std::isnan(held(bits)) ? 0x7fff : bits);
    wrong += std::bit_cast<std::uint32_t>(float{x}) != std::uint32_t{x.bits} << 16;
  }
  CHECK(wrong == 0);
  static_assert(float{bf16(-1.5f)} == -1.5f);
}

// Between a number and the next one away from zero, infinity among them, denormals too.
TEST_CASE("bf16: rounds to the nearest, ties to even") {
  std::uint32_t wrong = 0;
  for (std::uint32_t bits = 0; bits < all; ++bits) {
    if (!std::isfinite(held(bits))) continue;
    for (const std::uint32_t beyond : {0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      const bool tie = beyond == 0x8000, up = tie ? bits % 2 == 1 : beyond > 0x8000;
      wrong += bf16(std::bit_cast<float>(bits << 16 | beyond)).bits != bits + up;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace carousel
