// Gate functions that neither overflow nor lose digits anywhere on the real line.
#pragma once

#include <algorithm>
#include <cmath>

namespace carousel::reference {

// σ(x) = 1 / (1 + e^−x), which below −80 is e^x to the last bit, where e^−x would soon overflow.
// 1 − σ(x) is best computed as σ(−x).
template <class Real>
Real sigmoid(Real x) {
  return x < -80 ? std::exp(x) : 1 / (1 + std::exp(-x));
}

// log σ(x) = −softplus(−x) = min(x, 0) − log(1 + e^−|x|); the logarithm of σ(x) would be −∞ from
// x ≈ −88 on in single precision.
template <class Real>
Real log_sigmoid(Real x) {
  return std::min(x, Real{0}) - std::log1p(std::exp(-std::abs(x)));
}

}  // namespace carousel::reference
