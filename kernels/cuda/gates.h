// Gate functions that neither overflow nor lose digits anywhere on the real line.
#pragma once

#include <cuda_runtime.h>

#include <cmath>

namespace carousel::cuda {

// σ(x) = 1 / (1 + e^−x). The exponent is never positive; 1 − σ(x) is best computed as σ(−x).
template <class Real>
__device__ Real sigmoid(Real x) {
  const Real e = std::exp(-std::abs(x));
  return (x < 0 ? e : Real{1}) / (1 + e);
}

// log σ(x) = −softplus(−x) = min(x, 0) − log(1 + e^−|x|). A NaN stays one.
template <class Real>
__device__ Real log_sigmoid(Real x) {
  return (x > 0 ? Real{0} : x) - std::log1p(std::exp(-std::abs(x)));
}

}  // namespace carousel::cuda
