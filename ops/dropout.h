// Dropout.
#pragma once

#include "autograd/var.h"
#include "core/random.h"

namespace carousel {

// y = x / (1 − p) where the element's random number is ≥ p, else 0. The mask is a function of the
// random stream alone (element i uses its number i), so the backward pass draws it again instead of
// storing it. p = 0 returns x. Throws Error for p outside [0, 1).
template <class Real>
Var<Real> dropout(const Var<Real>& x, double probability, Random random);

}  // namespace carousel
