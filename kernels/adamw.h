// AdamW (Loshchilov & Hutter 2019) and the norm that gradients are clipped by.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace carousel {

template <class Real>
struct AdamWStep {
  const Real* gradient;  // (N)
  Real* parameter;       // (N)  updated in place
  Real* m;               // (N)  first moment, updated in place
  Real* v;               // (N)  second moment, updated in place
  std::int64_t N;
  const double* squares;  // (1)  Σ g² over the gradients of all parameters; null: not measured
  double max_norm;        // gradients are scaled by clip_scale(*squares, max_norm)
  const double* factors;  // (3)  adamw_factors of this step: what changes from one to the next
  double beta1, beta2, eps;
};

// Of step t = 1, 2, …: 1 − lr · weight_decay, lr / (1 − β₁ᵗ), √(1 − β₂ᵗ)
inline std::array<double, 3> adamw_factors(double learning_rate, double weight_decay, double beta1,
                                           double beta2, std::int64_t step) {
  const auto t = static_cast<double>(step);
  return {1 - learning_rate * weight_decay, learning_rate / (1 - std::pow(beta1, t)),
          std::sqrt(1 - std::pow(beta2, t))};
}

// min(1, max_norm / (√squares + 1e-6)), as torch has it; 1 where max_norm is 0. Where √squares is
// not finite, adamw_step leaves everything as it is.
inline double clip_scale(double squares, double max_norm) {
  return max_norm > 0 ? std::min(1.0, max_norm / (std::sqrt(squares) + 1e-6)) : 1;
}

template <class Real>
struct SumOfSquares {
  const Real* x;  // (N)
  double* sum;    // (1)  += Σ x²
  std::int64_t N;
};

}  // namespace carousel
