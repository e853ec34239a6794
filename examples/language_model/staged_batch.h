// StagedBatch: a batch where the device finds it in every step.
#pragma once

#include "core/mirror.h"
#include "data/batches.h"

namespace carousel::program {

template <class Real>
class StagedBatch {
 public:
  StagedBatch(const Batch& batch, Device device);

  // Whether another batch has the same shapes.
  bool fits(const Batch& batch) const;

  // Puts one that fits here, with the weight of its loss in that of the step, for the device to
  // fetch. Throws Error for a token that a vocabulary of V does not have.
  void put(const Batch& batch, double weight, std::int64_t V);

  // Has the device fetch it.
  void up();

  const Tensor<std::int32_t>& inputs() const { return inputs_.there(); }    // (B, S)
  const Tensor<std::int32_t>& targets() const { return targets_.there(); }  // (B, S)
  const Tensor<std::int32_t>& reset() const { return reset_.there(); }      // (B, S), or undefined
  const Tensor<Real>& weight() const { return weight_.there(); }            // []

 private:
  Mirror<std::int32_t> inputs_, targets_, reset_;
  Mirror<Real> weight_;
};

extern template class StagedBatch<float>;
extern template class StagedBatch<double>;

}  // namespace carousel::program
