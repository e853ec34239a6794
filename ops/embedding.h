// Embedding lookup.
#pragma once

#include "autograd/var.h"

namespace carousel {

// y = weight[ids]: ids of any shape, weight (V, d) → (ids…, d).
// Throws Error, naming the place, for an id outside [0, V).
template <class Real>
Var<Real> embedding(const Tensor<std::int32_t>& ids, const Var<Real>& weight);

}  // namespace carousel
