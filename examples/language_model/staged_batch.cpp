#include "examples/language_model/staged_batch.h"

#include <algorithm>

namespace carousel::program {

namespace {

void copy(const Tensor<std::int32_t>& from, Mirror<std::int32_t>& to) {
  std::ranges::copy(from.values(), to.host().begin());
}

void check_below(const Tensor<std::int32_t>& tokens, std::int64_t V) {
  for (const std::int32_t token : tokens.values())
    CAROUSEL_CHECK(token < V, "train: got token {}, want below {}", token, V);
}

}  // namespace

template <class Real>
StagedBatch<Real>::StagedBatch(const Batch& batch, Device device)
    : inputs_(batch.inputs.shape(), device),
      targets_(batch.targets.shape(), device),
      weight_(Shape{}, device) {
  if (batch.reset.defined()) reset_ = Mirror<std::int32_t>(batch.reset.shape(), device);
}

template <class Real>
bool StagedBatch<Real>::fits(const Batch& batch) const {
  return batch.inputs.shape() == inputs_.shape() && batch.reset.defined() == reset_.defined();
}

template <class Real>
void StagedBatch<Real>::put(const Batch& batch, double weight, std::int64_t V) {
  check_below(batch.inputs, V);
  check_below(batch.targets, V);
  copy(batch.inputs, inputs_);
  copy(batch.targets, targets_);
  if (reset_.defined()) copy(batch.reset, reset_);
  weight_.host()[0] = static_cast<Real>(weight);
}

template <class Real>
void StagedBatch<Real>::up() {
  inputs_.up();
  targets_.up();
  reset_.up();
  weight_.up();
}

template class StagedBatch<float>;
template class StagedBatch<double>;

}  // namespace carousel::program
