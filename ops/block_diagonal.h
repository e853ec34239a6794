// Block-diagonal (headwise) linear map.
#pragma once

#include "autograd/var.h"

namespace carousel {

// Cuts the last axis of x into blocks; y block k = W_k x block k + bias block k.
// x (…, K·I), weight (K, O, I), bias (K·O) or undefined → (…, K·O).
// Throws Error for a shape that does not fit.
template <class Real>
Var<Real> block_diagonal(const Var<Real>& x, const Var<Wide<Real>>& weight,
                         const Var<Wide<Real>>& bias);

}  // namespace carousel
