// Sums and means.
#pragma once

#include "autograd/var.h"

namespace carousel {

// The sum over one axis, which disappears from the shape. Throws Error for an axis that x lacks.
template <class Real>
Var<Wide<Real>> sum(const Var<Real>& x, int axis);

// The mean over one axis, which disappears. Throws Error for an axis that x lacks or of size 0.
template <class Real>
Var<Wide<Real>> mean(const Var<Real>& x, int axis);

// The sum and the mean of all elements → shape []. An empty x has no mean: Error.
template <class Real>
Var<Wide<Real>> sum(const Var<Real>& x);
template <class Real>
Var<Wide<Real>> mean(const Var<Real>& x);

}  // namespace carousel
