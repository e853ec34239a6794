// Sums, products and scales.
#pragma once

#include "autograd/var.h"

namespace carousel {

// a + b and a ⊙ b, elementwise. Throw Error unless the shapes are equal.
template <class Real>
Var<Real> add(const Var<Real>& a, const Var<Real>& b);
template <class Real>
Var<Real> multiply(const Var<Real>& a, const Var<Real>& b);

// factor · x.
template <class Real>
Var<Real> scale(const Var<Real>& x, double factor);

// x + bias and x ⊙ weight for x (…, C) and a vector (C). Throw Error when the vector does not fit.
template <class Real>
Var<Real> add_bias(const Var<Real>& x, const Var<Wide<Real>>& bias);
template <class Real>
Var<Real> channel_scale(const Var<Real>& x, const Var<Wide<Real>>& weight);

}  // namespace carousel
