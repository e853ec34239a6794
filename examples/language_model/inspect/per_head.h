// Sums over what belongs to a head.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/tensor.h"

namespace carousel::program {

// log σ(x) = −softplus(−x), without overflow.
inline double log_sigmoid(double x) {
  return std::min(x, 0.0) - std::log1p(std::exp(-std::abs(x)));
}
inline double sigmoid(double x) { return std::exp(log_sigmoid(x)); }

// The mean of function(i) over the n elements i of each head: head h has n h … n h + n − 1.
template <class Function>
std::vector<double> means(std::int64_t heads, std::int64_t n, const Function& function) {
  std::vector<double> result;
  for (std::int64_t h = 0; h < heads; ++h) {
    double sum = 0;
    for (std::int64_t i = n * h; i < n * (h + 1); ++i) sum += function(i);
    result.push_back(sum / static_cast<double>(n));
  }
  return result;
}

// The 2-norm of each head's part of a tensor that has heads first.
template <class Real>
std::vector<double> norms(std::int64_t heads, const Tensor<Real>& tensor) {
  const std::int64_t n = tensor.numel() / heads;
  const auto values = tensor.values();
  auto result = means(heads, n, [&](std::int64_t i) {
    const auto value = static_cast<double>(values[static_cast<std::size_t>(i)]);
    return value * value;
  });
  for (double& x : result) x = std::sqrt(x * static_cast<double>(n));
  return result;
}

}  // namespace carousel::program
