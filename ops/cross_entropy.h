// Softmax cross-entropy.
#pragma once

#include "autograd/var.h"

namespace carousel {

// Mean over the targets t ≥ 0 of −log softmax(logits)[t], in nats; negative targets are ignored.
// logits (…, V), targets (…) → one element, shape [].
// Targets on the cpu go to the logits' device. Throws Error for one of them ≥ V, naming its place,
// and when every one is ignored. Targets that are on the device already have been checked by the
// caller, who says how many are not ignored: `counted`, which is 0 where the op is to count.
template <class Real>
Var<Real> cross_entropy(const Var<Real>& logits, const Tensor<std::int32_t>& targets,
                        std::int64_t counted = 0);

// Each −log softmax(logits)[t] itself, 0 where t is negative: shape of the targets, which are on
// the cpu; all may be ignored. A measurement: nothing is recorded.
template <class Real>
Tensor<Real> cross_entropy_of_each(const Tensor<Real>& logits, const Tensor<std::int32_t>& targets);

}  // namespace carousel
