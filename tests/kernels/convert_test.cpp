// bf16 on a device is what it is on the host, bit by bit.

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/tensor.h"
#include "kernels/kernels.h"

namespace carousel {

namespace {

// Every number of bf16, and behind each of them some of those that are rounded.
Tensor<float> numbers() {
  constexpr std::uint32_t all = 0x10000, beyond[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
  Tensor<float> result({all, std::size(beyond)});
  float* x = result.mutable_data();
  for (std::uint32_t bits = 0; bits < all; ++bits) {
    for (const std::uint32_t low : beyond) *x++ = std::bit_cast<float>(bits << 16 | low);
  }
  return result;
}

Tensor<bf16> narrowed(const Tensor<float>& x) {
  Tensor<bf16> y(x.shape(), Device::cuda);
  kernels<bf16>(Device::cuda).narrow({x.data(), y.mutable_data(), x.numel(), false});
  return y;
}

}  // namespace

TEST_CASE("bf16: a device rounds as the host does" * doctest::test_suite("devices")) {
  if (!available(Device::cuda)) return;
  const auto x = numbers();
  const auto there = narrowed(x.to(Device::cuda));
  Tensor<float> back(x.shape(), Device::cuda);
  kernels<bf16>(Device::cuda).widen({there.data(), back.mutable_data(), x.numel(), false});
  const auto y = there.to(Device::cpu);
  const auto widened = back.to(Device::cpu);
  int wrong = 0;
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const bf16 want(x.data()[i]);
    wrong += y.data()[i].bits != want.bits;
    wrong += std::bit_cast<std::uint32_t>(widened.data()[i]) != std::uint32_t{want.bits} << 16;
  }
  CHECK(wrong == 0);
}

TEST_CASE("bf16: no kernels on the cpu") {
  CHECK_THROWS_WITH_AS(kernels<bf16>(Device::cpu),
                       "bf16: got device cpu, want cuda: no other one computes in it", Error);
}

}  // namespace carousel
