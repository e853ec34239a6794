// Layer norm, plain and per head.
#pragma once

#include "autograd/var.h"

namespace carousel {

struct NormOptions {
  std::int64_t groups = 1;       // heads that are normalised separately
  bool residual_weight = false;  // the effective weight is 1 + weight
  double eps = 1e-5;
};

// Throws Error in the op's name unless the last axis of x, (…, C), is a multiple of the groups and
// weight and bias are undefined or have shape [C].
template <class Real>
void check_norm(const char* op, const Var<Real>& x, const Var<Wide<Real>>& weight,
                const Var<Wide<Real>>& bias, const NormOptions& options);

// y = (x − mean) / √(variance + eps) · weight + bias over the last axis, cut into groups.
// x (…, C), weight and bias (C), either may be undefined: no scale, no shift. Biased variance.
// Throws Error as check_norm does.
template <class Real>
Var<Real> layer_norm(const Var<Real>& x, const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias,
                     const NormOptions& options = {});

template <class Real>
struct AddLayerNormResult {
  Var<Real> sum;  // x + branch
  Var<Real> y;    // layer_norm(sum)
};

// A residual sum and the norm that follows it, in one pass over memory; x and branch of one shape.
// Throws Error as add and layer_norm do.
template <class Real>
AddLayerNormResult<Real> add_layer_norm(const Var<Real>& x, const Var<Real>& branch,
                                        const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias,
                                        const NormOptions& options = {});

}  // namespace carousel
