// With g = clip_scale · gradient, and t the step from 1:
//
//   θ ← θ (1 − lr · weight_decay)
//   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
//   θ ← θ − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps)

#include "kernels/adamw.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "core/tensor.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

constexpr std::int64_t chunk = 4096;

}  // namespace

template <class Real>
void adamw_step(const AdamWStep<Real>& a) {
  const double squares = a.squares == nullptr ? 0 : *a.squares;
  if (!std::isfinite(squares)) return;
  const Real scale = static_cast<Real>(clip_scale(squares, a.max_norm));
  const Real decay = static_cast<Real>(a.factors[0]);
  const Real beta1 = static_cast<Real>(a.beta1), beta2 = static_cast<Real>(a.beta2);
  const Real one_minus_beta1 = static_cast<Real>(1 - a.beta1);
  const Real one_minus_beta2 = static_cast<Real>(1 - a.beta2);
  const Real rate = static_cast<Real>(a.factors[1]);
  const Real correction = static_cast<Real>(a.factors[2]);
  const Real eps = static_cast<Real>(a.eps);

  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Real g = scale * a.gradient[i];
      const Real m = beta1 * a.m[i] + one_minus_beta1 * g;
      const Real v = beta2 * a.v[i] + one_minus_beta2 * g * g;
      a.m[i] = m;
      a.v[i] = v;
      a.parameter[i] = decay * a.parameter[i] - rate * m / (std::sqrt(v) / correction + eps);
    }
  });
}

template <class Real>
void sum_of_squares(const SumOfSquares<Real>& a) {
  const std::int64_t chunks = (a.N + chunk - 1) / chunk;
  Tensor<double> partial({chunks});
  double* const partials = partial.mutable_data();
  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = begin; i < end; ++i) {
      const double x = static_cast<double>(a.x[i]);
      sum += x * x;
    }
    partials[begin / chunk] = sum;
  });
  for (std::int64_t c = 0; c < chunks; ++c) *a.sum += partials[c];
}

template void adamw_step(const AdamWStep<float>&);
template void adamw_step(const AdamWStep<double>&);
template void sum_of_squares(const SumOfSquares<float>&);
template void sum_of_squares(const SumOfSquares<double>&);

}  // namespace carousel::reference
