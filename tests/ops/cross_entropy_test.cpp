#include "ops/cross_entropy.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/tape.h"
#include "core/random.h"

namespace carousel {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Tensor<std::int32_t> ids(std::initializer_list<std::int32_t> values) {
  return Tensor<std::int32_t>::from({static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace

TEST_CASE("cross_entropy of equal logits is log V") {
  const Var<double> logits = Tensor<double>::full({2, 5}, 3);
  CHECK(std::abs(cross_entropy(logits, ids({0, 4})).value.item() - std::log(5.0)) <= 1e-15);
}

TEST_CASE("cross_entropy stays right for huge and infinite logits") {
  const auto logits = parameter(Tensor<double>::from({2, 3}, {1e4, -1e4, 0, -infinity, 2, 1}));
  Tape tape;
  const auto loss = cross_entropy(logits, ids({0, 1}));
  CHECK(std::abs(loss.value.item() - std::log1p(std::exp(-1.0)) / 2) <= 1e-15);
  tape.backward(loss);
  const auto gradient = logits.grad->value();
  const double p = 1 / (1 + std::exp(-1.0));
  const double want[] = {0, 0, 0, 0, (p - 1) / 2, (1 - p) / 2};
  for (int i = 0; i < 6; ++i) CHECK(std::abs(gradient.data()[i] - want[i]) <= 1e-15);
}

TEST_CASE("cross_entropy in float loses nothing where logits are large") {
  // 1e4 is known to 1e-3 only in float, but differences of logits are exact.
  const auto logits = parameter(Tensor<float>::from({1, 3}, {1e4F, 9999, -1e4F}));
  Tape tape;
  const auto loss = cross_entropy(logits, ids({1}));
  CHECK(std::abs(loss.value.item() - std::log1p(std::exp(1.0))) <= 1e-6);
  tape.backward(loss);
  const double p = 1 / (1 + std::exp(-1.0));
  CHECK(std::abs(logits.grad->value().data()[0] - p) <= 1e-6);
  CHECK(std::abs(logits.grad->value().data()[1] + p) <= 1e-6);
}

TEST_CASE("cross_entropy in float stays accurate over a large vocabulary") {
  const auto logits = random_normal<float>({2, 50000}, Random{1});
  const double exact = cross_entropy<double>(logits.to<double>(), ids({7, 49999})).value.item();
  CHECK(std::abs(cross_entropy<float>(logits, ids({7, 49999})).value.item() - exact) <= 2e-6);
}

TEST_CASE("cross_entropy lets NaN through to the loss") {
  const Var<double> logits = Tensor<double>::from({1, 2}, {std::nan(""), 0});
  CHECK(std::isnan(cross_entropy(logits, ids({1})).value.item()));
}

TEST_CASE("cross_entropy_of_each: one for each target, whose mean is the op's") {
  const auto logits = random_normal<double>({2, 3, 7}, Random{1});
  const auto targets = Tensor<std::int32_t>::from({2, 3}, {0, 6, -1, 1, -5, 2});
  const auto each = cross_entropy_of_each(logits, targets);
  REQUIRE(each.shape() == Shape{2, 3});
  double sum = 0;
  for (std::int64_t n = 0; n < 6; ++n) {
    const std::int32_t target = targets.data()[n];
    double total = 0;
    for (int v = 0; v < 7; ++v) total += std::exp(logits.data()[n * 7 + v]);
    const double want = target < 0 ? 0 : std::log(total) - logits.data()[n * 7 + target];
    CHECK(std::abs(each.data()[n] - want) <= 1e-14);  // seven exponentials, a few roundings
    sum += each.data()[n];
  }
  CHECK(cross_entropy<double>(logits, targets).value.item() == sum / 4);
  CHECK(cross_entropy_of_each(logits, Tensor<std::int32_t>::full({2, 3}, -1)).data()[5] == 0);
  CHECK_THROWS_WITH(cross_entropy_of_each(logits, Tensor<std::int32_t>::full({2, 3}, 7)),
                    "cross_entropy: target 7 at position 0 of shape [2, 3], want below 7");
}

TEST_CASE("cross_entropy refuses targets that make no sense") {
  const Var<float> logits = Tensor<float>::zeros({2, 3});
  CHECK_THROWS_WITH(cross_entropy(logits, ids({0, 3})),
                    "cross_entropy: target 3 at position 1 of shape [2], want below 3");
  CHECK_THROWS_WITH(cross_entropy(logits, ids({-1, -1})),
                    "cross_entropy: every one of 2 targets is ignored, want one ≥ 0");
  CHECK_THROWS_WITH(
      cross_entropy(logits, ids({0})),
      "cross_entropy: targets have shape [1], want that of the logits [2, 3] less the "
      "last axis");
}

}  // namespace carousel
