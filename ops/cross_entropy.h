// Softmax cross-entropy.
#pragma once

#include "autograd/var.h"

namespace carousel {

// Mean over the targets t ≥ 0 of −log softmax(logits)[t], in nats; negative targets are ignored.
// logits (…, V), targets (…) → one element, shape [].
// Throws Error for a target ≥ V, naming its place, and when every target is ignored.
template <class Real>
Var<Real> cross_entropy(const Var<Real>& logits, const Tensor<std::int32_t>& targets);

}  // namespace carousel
