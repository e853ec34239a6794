#include "core/bf16.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

bf16 from_bits(int bits) {
  bf16 x;
  x.bits = static_cast<std::uint16_t>(bits);
  return x;
}

}  // namespace

TEST_CASE("bf16: every number is a float, and comes back from it") {
  for (int bits = 0; bits < 1 << 16; ++bits) {
    const float x = from_bits(bits);
    if (std::isnan(x)) {
      CHECK(std::isnan(static_cast<float>(bf16(x))));
    } else {
      CHECK(bf16(x).bits == bits);
    }
  }
}

TEST_CASE("bf16: the nearest number, of two equally near ones the even") {
  const auto rounded = [](float x) { return static_cast<float>(bf16(x)); };
  CHECK(rounded(1 + 0x1p-8f) == 1);                 // half way from 1 to 1 + 2⁻⁷
  CHECK(rounded(1 + 0x3p-8f) == 1 + 0x2p-7f);       // half way from 1 + 2⁻⁷ on
  CHECK(rounded(1 + 0x1.0002p-8f) == 1 + 0x1p-7f);  // just above half way
  CHECK(rounded(-0.0f) == 0);
  CHECK(std::signbit(rounded(-0.0f)));
  CHECK(rounded(std::numeric_limits<float>::max()) == std::numeric_limits<float>::infinity());
  CHECK(rounded(std::numeric_limits<float>::denorm_min()) == 0);
  CHECK(std::isnan(rounded(std::bit_cast<float>(0x7f800001))));  // its digits are all cut off
  for (const float x : random_normal<float>({10000}, Random{1}).values()) {
    const bf16 y(x);
    const double error = std::abs(double{x} - double{y});
    CHECK(error <= std::abs(double{x} - double{from_bits(y.bits + 1)}));
    CHECK(error <= std::abs(double{x} - double{from_bits(y.bits - 1)}));
  }
}

TEST_SUITE_BEGIN("devices");

TEST_CASE("bf16: tensors are made, filled, moved and converted on every device") {
  on_each_device([](Device device) {
    const auto x = Tensor<float>::from({3}, {1, 1.0078125f, -3e38f}).to(device);
    const auto y = x.to<bf16>();
    CHECK(y.device() == device);
    CHECK(y.to(Device::cpu).values()[1].bits == 0x3f81);
    CHECK(y.to<double>().to(Device::cpu).values()[1] == 1.0078125);
    CHECK(static_cast<float>(Tensor<bf16>::full({1}, bf16(0.5f), device).item()) == 0.5f);
    CHECK(static_cast<float>(Tensor<bf16>::zeros({}, device).item()) == 0);
    CHECK(Tensor<bf16>::zeros({2, 3}, device).clone().to(Device::cpu).values()[5].bits == 0);
  });
}

TEST_SUITE_END();

}  // namespace carousel
