// RMS norm, plain and per head.
#pragma once

#include "autograd/var.h"
#include "ops/layer_norm.h"

namespace carousel {

// y = x / √(mean of x² + eps) · weight + bias over the last axis, cut into groups.
// Arguments and errors are those of layer_norm.
template <class Real>
Var<Real> rms_norm(const Var<Real>& x, const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias,
                   const NormOptions& options = {});

}  // namespace carousel
