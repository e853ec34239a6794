// Gate functions that neither overflow nor lose digits anywhere on the real line. They are
// constexpr so that kernels on GPUs may call them.
#pragma once

#include <algorithm>
#include <cmath>

namespace carousel::reference {

// σ(x) = 1 / (1 + e^−x). The exponent is never positive; 1 − σ(x) is best computed as σ(−x).
template <class Real>
constexpr Real sigmoid(Real x) {
  const Real e = std::exp(-std::abs(x));
  return (x < 0 ? e : Real{1}) / (1 + e);
}

// log σ(x) = −softplus(−x) = min(x, 0) − log(1 + e^−|x|); the logarithm of σ(x) would be −∞ from
// x ≈ −88 on in single precision.
template <class Real>
constexpr Real log_sigmoid(Real x) {
  return std::min(x, Real{0}) - std::log1p(std::exp(-std::abs(x)));
}

}  // namespace carousel::reference
