// Embedding lookup.
#pragma once

#include "autograd/var.h"

namespace carousel {

// y = weight[ids]: ids of any shape, weight (V, d) → (ids…, d) of Real: embedding<float>(ids,
// weight). Ids on the cpu go to the weight's device. Throws Error, naming the place, for one of
// them outside [0, V); ids that are on the device already have been checked by the caller.
template <class Real>
Var<Real> embedding(const Tensor<std::int32_t>& ids, const Var<Wide<Real>>& weight);

}  // namespace carousel
