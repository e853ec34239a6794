#include "examples/language_model/sampling.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/error.h"

namespace carousel::program {

namespace {

// How often each token comes, for evenly spread chances.
std::vector<double> shares(const std::vector<double>& logits, const Sampling& sampling) {
  constexpr int draws = 10000;
  std::vector<double> result(logits.size());
  for (int i = 0; i < draws; ++i) {
    const auto token = sample(logits, sampling, (i + 0.5) / draws);
    result.at(static_cast<std::size_t>(token)) += 1.0 / draws;
  }
  return result;
}

void check_shares(const std::vector<double>& got, const std::vector<double>& want) {
  REQUIRE(got.size() == want.size());
  // Each token's chances are one interval, so a count is off by one at most at either end.
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(std::abs(got[i] - want[i]) <= 2.1e-4);
}

// Logits whose softmax is these probabilities.
std::vector<double> logs(std::vector<double> probabilities) {
  for (double& p : probabilities) p = std::log(p) + 3;
  return probabilities;
}

}  // namespace

TEST_CASE("sampling: softmax of the logits over the temperature") {
  const auto logits = logs({0.1, 0.2, 0.3, 0.4});
  check_shares(shares(logits, {}), {0.1, 0.2, 0.3, 0.4});
  check_shares(shares(logits, {.temperature = 0.5}), {1 / 30.0, 4 / 30.0, 9 / 30.0, 16 / 30.0});
}

TEST_CASE("sampling: temperature 0 takes the likeliest, the first of equals") {
  CHECK(sample({1, 3, 3, 2}, {.temperature = 0}, 0.99) == 1);
  CHECK(sample({1, 3, 3, 2}, {.temperature = 1e-300}, 0) == 1);
}

TEST_CASE("sampling: top-k, then top-p") {
  const auto logits = logs({0.1, 0.2, 0.3, 0.4});
  check_shares(shares(logits, {.top_k = 2}), {0, 0, 3 / 7.0, 4 / 7.0});
  check_shares(shares(logits, {.top_k = 9}), {0.1, 0.2, 0.3, 0.4});
  check_shares(shares(logits, {.top_p = 0.39}), {0, 0, 0, 1});
  check_shares(shares(logits, {.top_p = 0.69}), {0, 0, 3 / 7.0, 4 / 7.0});
  check_shares(shares(logits, {.top_p = 0.71}), {0, 2 / 9.0, 3 / 9.0, 4 / 9.0});
  // Of the three that top-k leaves, 4/9 is less than 0.45 and 7/9 is more.
  check_shares(shares(logits, {.top_k = 3, .top_p = 0.45}), {0, 0, 3 / 7.0, 4 / 7.0});
}

TEST_CASE("sampling: of equally likely tokens, exactly k are left") {
  check_shares(shares({1, 1, 1, 1}, {.top_k = 2}), {0.5, 0.5, 0, 0});
}

TEST_CASE("sampling: huge logits, and logits that are none") {
  CHECK(sample({-1e308, 1e308}, {}, 0.999) == 1);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(sample({0, nan}, {}, 0.5), "generate: the model's logits are not finite",
                       Error);
}

}  // namespace carousel::program
