// AdamW (Loshchilov & Hutter 2019) and the norm that gradients are clipped by.
#pragma once

#include <cstdint>

namespace carousel {

template <class Real>
struct AdamWStep {
  const Real* gradient;  // (N)
  Real* parameter;       // (N)  updated in place
  Real* m;               // (N)  first moment, updated in place
  Real* v;               // (N)  second moment, updated in place
  std::int64_t N;
  double gradient_scale;  // of clipping
  double learning_rate, beta1, beta2, eps, weight_decay;
  std::int64_t step;  // from 1, for the bias correction
};

template <class Real>
struct SumOfSquares {
  const Real* x;  // (N)
  double* sum;    // (1)  += Σ x²
  std::int64_t N;
};

}  // namespace carousel
