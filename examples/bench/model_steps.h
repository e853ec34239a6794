// A model at work, one step after the other, as the program `carousel` trains it and writes with
// it.
#pragma once

#include "examples/language_model/trainer.h"

namespace carousel::bench {

// Random tokens, each the target of the one before.
carousel::Batch random_batch(std::int64_t B, std::int64_t S, std::int64_t vocab_size);

// Training on one batch: forward, backward, clipping at norm 1, AdamW at a constant rate.
template <class Real>
class TrainingSteps {
 public:
  static constexpr double learning_rate = 1e-4;

  TrainingSteps(const LanguageModel<Real>& model, carousel::Batch batch, bool cuda_graph = true);

  // One more step. Returns the loss before it.
  double operator()();

  // Whether the last step was asked for at once, as a CUDA graph.
  bool replayed() const { return trainer_.replayed(); }

 private:
  carousel::Batch batch_;
  program::Trainer<Real> trainer_;
  std::int64_t done_ = 0;
};

// Reading token by token, batch 1, with the state carried along.
template <class Real>
class DecodeSteps {
 public:
  explicit DecodeSteps(const LanguageModel<Real>& model) : model_(model) {}

  // Takes in a token. Returns the logits (V) of the next one.
  std::span<const Wide<Real>> operator()(std::int32_t token);

 private:
  const LanguageModel<Real>& model_;
  ModelState<Wide<Real>> state_;
  Tensor<Wide<Real>> logits_;
};

extern template class TrainingSteps<float>;
extern template class TrainingSteps<bf16>;
extern template class DecodeSteps<float>;
extern template class DecodeSteps<bf16>;

}  // namespace carousel::bench
