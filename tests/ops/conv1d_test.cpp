#include "ops/conv1d.h"

#include <doctest/doctest.h>

#include "core/random.h"
#include "tests/check_recurrent.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

template <class Real>
Recurrent<Real> problem(std::int64_t B, std::int64_t S, std::int64_t C, std::int64_t KS) {
  const Random random{static_cast<std::uint64_t>(100 * S + KS)};
  return {
      .call =
          [](const Vars<Real>& x, const Vars<Real>& w, const Vars<Real>& state,
             const Tensor<std::int32_t>& reset) {
            const auto result =
                causal_conv1d(x[0], w[0], w[1], state.empty() ? Var<Real>() : state[0], reset);
            return Vars<Real>{result.y, result.state};
          },
      .sequences = {random_normal<Real>({B, S, C}, random.named("x"))},
      .weights = {random_normal<Real>({C, 1, KS}, random.named("weight")),
                  random_normal<Real>({C}, random.named("bias"))},
      .state = {random_normal<Real>({B, KS - 1, C}, random.named("state"))},
      .reset = {},
  };
}

// The input at time t, which may lie before the start.
double input(const Tensor<double>& x, const Tensor<double>& state, std::int64_t b, std::int64_t t,
             std::int64_t c) {
  if (t >= 0) return x.data()[(b * x.dim(1) + t) * x.dim(2) + c];
  return state.data()[((b + 1) * state.dim(1) + t) * x.dim(2) + c];
}

}  // namespace

TEST_CASE("causal_conv1d equals its definition, and its state is the last inputs") {
  for (const std::int64_t KS : {1, 2, 4}) {
    for (std::int64_t S = 1; S <= 9; ++S) {
      INFO("KS = ", KS, ", S = ", S);
      const std::int64_t B = 2, C = 3;
      const auto r = problem<double>(B, S, C, KS);
      const auto &x = r.sequences[0], &w = r.weights[0], &bias = r.weights[1], &state = r.state[0];
      const auto [y, last] = causal_conv1d<double>(x, w, bias, state);
      for (std::int64_t i = 0; i < B * S * C; ++i) {
        const std::int64_t b = i / (S * C), t = i / C % S, c = i % C;
        double sum = bias.data()[c];
        for (std::int64_t j = 0; j < KS; ++j) {
          sum += w.data()[c * KS + j] * input(x, state, b, t - (KS - 1) + j, c);
        }
        CHECK(std::abs(y.data()[i] - sum) <= 1e-14);  // a sum of five terms of size 1
      }
      REQUIRE(last.shape() == Shape{B, KS - 1, C});
      for (std::int64_t i = 0; i < B * (KS - 1) * C; ++i) {
        const std::int64_t b = i / ((KS - 1) * C), j = i / C % (KS - 1), c = i % C;
        CHECK(last.data()[i] == input(x, state, b, S - (KS - 1) + j, c));
      }
    }
  }
}

TEST_SUITE_BEGIN("devices");

TEST_CASE_TEMPLATE("causal_conv1d in segments equals the whole", Real, float, double) {
  on_each_device([](Device device) {
    for (const std::int64_t KS : {1, 2, 4}) {
      for (std::int64_t S = 1; S <= 9; ++S) check_segments(on(device, problem<Real>(2, S, 3, KS)));
    }
    auto with_reset = problem<Real>(2, 6, 5, 4);
    with_reset.reset = Tensor<std::int32_t>::from({2, 6}, {0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1});
    check_segments(on(device, with_reset));
  });
}

TEST_CASE_TEMPLATE("causal_conv1d with resets equals its documents apart", Real, float, double) {
  auto r = problem<Real>(3, 7, 5, 4);
  r.reset = Tensor<std::int32_t>::from({3, 7}, {0, 0, 1, 0, 0, 0, 0,    // long documents
                                                1, 0, 1, 1, 0, 1, 1,    // short ones
                                                0, 0, 0, 0, 0, 1, 0});  // zeros in the state
  on_each_device([&](Device device) { check_documents(on(device, r)); });
}

TEST_SUITE_END();

TEST_CASE("causal_conv1d takes an empty batch") {
  const auto [y, state] =
      causal_conv1d<float>(Tensor<float>({0, 3, 2}), Tensor<float>::zeros({2, 1, 4}), {});
  CHECK(y.shape() == Shape{0, 3, 2});
  CHECK(state.shape() == Shape{0, 3, 2});
}

TEST_CASE("causal_conv1d refuses shapes that do not fit") {
  const auto zeros = [](const Shape& shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  const auto x = zeros({2, 3, 5}), w = zeros({5, 1, 4});
  CHECK_THROWS_WITH(causal_conv1d(zeros({2, 5}), w, {}),
                    "causal_conv1d: x has shape [2, 5], want (B, S, C) with at least one step");
  CHECK_THROWS_WITH(causal_conv1d(zeros({2, 0, 5}), w, {}),
                    "causal_conv1d: x has shape [2, 0, 5], want (B, S, C) with at least one step");
  CHECK_THROWS_WITH(causal_conv1d(Var<float>(), w, {}),
                    "causal_conv1d: x has shape [], want (B, S, C) with at least one step");
  CHECK_THROWS_WITH(causal_conv1d(x, zeros({5, 4}), {}),
                    "causal_conv1d: weight has shape [5, 4], want [5, 1, kernel size]");
  CHECK_THROWS_WITH(causal_conv1d(x, zeros({5, 1, 0}), {}),
                    "causal_conv1d: weight has shape [5, 1, 0], want [5, 1, kernel size]");
  CHECK_THROWS_WITH(causal_conv1d(x, w, zeros({4})), "causal_conv1d: bias has shape [4], want [5]");
  CHECK_THROWS_WITH(causal_conv1d(x, w, {}, zeros({2, 4, 5})),
                    "causal_conv1d: state has shape [2, 4, 5], want [2, 3, 5]");
  CHECK_THROWS_WITH(causal_conv1d(x, w, {}, {}, Tensor<std::int32_t>::zeros({2, 4})),
                    "causal_conv1d: reset has shape [2, 4], want [2, 3]");
}

}  // namespace carousel
