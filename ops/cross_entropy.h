// Softmax cross-entropy.
#pragma once

#include "autograd/var.h"

namespace carousel {

// Σ over the targets t ≥ 0 of −log softmax(logits)[t], in nats, divided by `count`, or by the
// number of these targets where that is 0: their mean. Negative targets are ignored.
// logits (…, V), targets (…) → one element, shape [].
// Targets on the cpu go to the logits' device. Throws Error for one of them ≥ V, naming its place,
// and for count = 0 when every one is ignored, or when they are on the device already, which nobody
// reads: the caller has checked them.
template <class Real>
Var<Real> cross_entropy(const Var<Real>& logits, const Tensor<std::int32_t>& targets,
                        std::int64_t count = 0);

// Each −log softmax(logits)[t] itself, 0 where t is negative: shape of the targets, which are on
// the cpu; all may be ignored. A measurement: nothing is recorded.
template <class Real>
Tensor<Real> cross_entropy_of_each(const Tensor<Real>& logits, const Tensor<std::int32_t>& targets);

}  // namespace carousel
