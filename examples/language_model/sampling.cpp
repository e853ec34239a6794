#include "examples/language_model/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace carousel::program {

namespace {

// exp((x − max) / T): the difference first, so that no T, however small, gives inf − inf.
std::vector<double> weights(const std::vector<double>& logits, double temperature) {
  const double max = *std::max_element(logits.begin(), logits.end());
  std::vector<double> result;
  for (const double x : logits) result.push_back(std::exp((x - max) / temperature));
  return result;
}

// How many of the tokens, likeliest first, a choice is made among.
std::size_t count_candidates(const std::vector<double>& weight,
                             const std::vector<std::int32_t>& order, const Sampling& sampling) {
  std::size_t count = order.size();
  if (sampling.top_k > 0) count = std::min(count, static_cast<std::size_t>(sampling.top_k));
  if (sampling.top_p >= 1) return count;
  const auto at = [&](std::size_t i) { return weight[static_cast<std::size_t>(order[i])]; };
  double total = 0, sum = 0;
  for (std::size_t i = 0; i < count; ++i) total += at(i);
  for (std::size_t i = 0; i < count; ++i) {
    sum += at(i);
    if (sum >= sampling.top_p * total) return i + 1;
  }
  return count;
}

}  // namespace

std::int32_t sample(const std::vector<double>& logits, const Sampling& sampling, double uniform) {
  const auto finite = [](double x) { return std::isfinite(x); };
  CAROUSEL_CHECK(std::all_of(logits.begin(), logits.end(), finite),
                 "generate: the model's logits are not finite");
  if (sampling.temperature == 0) {
    return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) -
                                     logits.begin());
  }
  const std::vector<double> weight = weights(logits, sampling.temperature);
  const auto at = [&](std::int32_t token) { return weight[static_cast<std::size_t>(token)]; };
  std::vector<std::int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  if (sampling.top_k > 0 || sampling.top_p < 1) {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::int32_t a, std::int32_t b) { return at(a) > at(b); });
    order.resize(count_candidates(weight, order, sampling));
  }

  double total = 0, sum = 0;
  for (const std::int32_t token : order) total += at(token);
  for (const std::int32_t token : order) {
    sum += at(token);
    if (uniform * total < sum) return token;
  }
  return order.back();
}

}  // namespace carousel::program
