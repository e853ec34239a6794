// Causal depthwise convolution over time.
#pragma once

#include "autograd/var.h"

namespace carousel {

template <class Real>
struct Conv1dResult {
  Var<Real> y;            // (B, S, C)
  Var<Wide<Real>> state;  // (B, KS − 1, C)  the last KS − 1 inputs, oldest first
};

// y[t, c] = bias[c] + Σ_j weight[c, 0, j] x[t − (KS−1) + j, c], for any S >= 1 and KS >= 1.
// x (B, S, C), weight (C, 1, KS), bias (C) or undefined. What came before x is the state,
// (B, KS − 1, C), or zeros when that is undefined; the state that comes back continues the
// sequence. Where reset (B, S) is not zero, all that came before that step counts as zero;
// undefined: nowhere. Throws Error for a shape that does not fit.
template <class Real>
Conv1dResult<Real> causal_conv1d(const Var<Real>& x, const Var<Wide<Real>>& weight,
                                 const Var<Wide<Real>>& bias, const Var<Wide<Real>>& state = {},
                                 const Tensor<std::int32_t>& reset = {});

}  // namespace carousel
