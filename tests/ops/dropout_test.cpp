#include "ops/dropout.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

namespace carousel {

TEST_CASE("dropout keeps a share of 1 - p and scales it up") {
  constexpr std::int64_t n = 100000;
  const Var<double> ones = Tensor<double>::full({n}, 1);
  const auto y = dropout(ones, 0.3, Random{1, 2});
  const auto values = y.value.values();
  const auto kept = std::count_if(values.begin(), values.end(), [](double v) { return v != 0; });
  // The standard deviation of the share is 0.0014; five of them.
  CHECK(std::abs(static_cast<double>(kept) / n - 0.7) <= 0.007);
  CHECK(std::all_of(values.begin(), values.end(), [](double v) { return v == 0 || v == 1 / 0.7; }));
}

TEST_CASE("dropout is a function of its random stream") {
  const Var<float> ones = Tensor<float>::full({64}, 1);
  const auto equal = [](const Var<float>& a, const Var<float>& b) {
    return std::equal(a.data(), a.data() + a.numel(), b.data());
  };
  CHECK(equal(dropout(ones, 0.5, Random{1, 2}), dropout(ones, 0.5, Random{1, 2})));
  CHECK_FALSE(equal(dropout(ones, 0.5, Random{1, 2}), dropout(ones, 0.5, Random{1, 3})));
}

TEST_CASE("dropout refuses a probability of one, no number, and an undefined x") {
  const Var<float> x = Tensor<float>::full({2}, 1);
  CHECK_THROWS_WITH(dropout(Var<float>(), 0.5, Random{}), "dropout: x is undefined, want a tensor");
  CHECK_THROWS_WITH(dropout(x, 1.0, Random{}), "dropout: probability got 1, want [0, 1)");
  CHECK_THROWS_WITH(dropout(x, std::nan(""), Random{}),
                    "dropout: probability got nan, want [0, 1)");
}

}  // namespace carousel
