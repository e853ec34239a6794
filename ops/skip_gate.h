// The gate at the end of the mLSTM layer.
#pragma once

#include "autograd/var.h"
#include "kernels/activation.h"

namespace carousel {

// y = f(gate) ⊙ (x + weight ⊙ skip); gate, x, skip of one shape (…, C), weight (C).
// Throws Error when the shapes do not fit.
template <class Real>
Var<Real> skip_gate(Activation f, const Var<Real>& gate, const Var<Real>& x, const Var<Real>& skip,
                    const Var<Wide<Real>>& weight);

}  // namespace carousel
