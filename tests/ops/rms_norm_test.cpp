#include "ops/rms_norm.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/random.h"
#include "tests/check_op.h"

namespace carousel {

TEST_CASE("rms_norm gives every group a mean square of one, then scale and shift") {
  const auto x = random_normal<double>({4, 6}, Random{1}, 3, 1);
  const auto weight = random_normal<double>({6}, Random{2}),
             bias = random_normal<double>({6}, Random{3});
  for (const std::int64_t groups : {1, 2, 3}) {
    for (const bool residual : {false, true}) {
      const NormOptions options{.groups = groups, .residual_weight = residual, .eps = 1e-6};
      const auto y = rms_norm<double>(x, weight, bias, options);
      for (std::int64_t i = 0; i < x.numel(); ++i) {
        const std::int64_t C = 6 / groups, first = i / C * C, channel = i % 6;
        double squares = 0;
        for (std::int64_t c = 0; c < C; ++c) squares += std::pow(x.data()[first + c], 2);
        const double scale = weight.data()[channel] + (residual ? 1 : 0);
        const double want =
            x.data()[i] / std::sqrt(squares / static_cast<double>(C) + 1e-6) * scale +
            bias.data()[channel];
        CHECK(std::abs(y.data()[i] - want) <= 1e-14);  // a few roundings of numbers near 1
      }
    }
  }
}

TEST_CASE("rms_norm is layer_norm where the mean is zero") {
  auto x = random_normal<double>({3, 8}, Random{1});
  for (std::int64_t i = 0; i < x.numel(); i += 2) x.mutable_data()[i] = -x.data()[i + 1];
  CHECK(relative_error(rms_norm<double>(x, {}, {}).value, layer_norm<double>(x, {}, {}).value) <=
        1e-15);
}

TEST_CASE("the norms stay finite for zeros and for large numbers") {
  const auto check = [](const Var<float>& y, float want) {
    for (const float value : y.value.values()) CHECK(std::abs(value - want) <= 1e-6f);
  };
  check(rms_norm<float>(Tensor<float>::zeros({2, 5}), {}, {}), 0);
  check(rms_norm<float>(Tensor<float>::full({2, 5}, 1e15f), {}, {}), 1);
  check(layer_norm<float>(Tensor<float>::zeros({2, 5}), {}, {}), 0);
  check(layer_norm<float>(Tensor<float>::full({2, 4}, 1e15f), {}, {}), 0);
}

TEST_CASE("the norms refuse shapes that do not fit") {
  const auto zeros = [](const Shape& shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  const auto x = zeros({2, 6});
  CHECK_THROWS_WITH(rms_norm(zeros({}), {}, {}),
                    "rms_norm: x has shape [], want at least one axis");
  CHECK_THROWS_WITH(rms_norm(x, {}, {}, {.groups = 4}),
                    "rms_norm: x has 6 channels, want a multiple of 4 groups");
  CHECK_THROWS_WITH(rms_norm(x, {}, {}, {.groups = 0}),
                    "rms_norm: x has 6 channels, want a multiple of 0 groups");
  CHECK_THROWS_WITH(rms_norm(x, zeros({3}), {}), "rms_norm: weight has shape [3], want [6]");
  CHECK_THROWS_WITH(rms_norm(x, {}, zeros({1, 6})), "rms_norm: bias has shape [1, 6], want [6]");
  CHECK_THROWS_WITH(layer_norm(x, zeros({3}), {}), "layer_norm: weight has shape [3], want [6]");
}

}  // namespace carousel
