// A model at work, one step after the other, as the program `carousel` trains it and writes with
// it.
#pragma once

#include "examples/language_model/trainer.h"

namespace carousel::bench {

// Random tokens, each the target of the one before.
carousel::Batch random_batch(std::int64_t B, std::int64_t S, std::int64_t vocab_size);

// Training on one batch: forward, backward, clipping at norm 1, AdamW at a constant rate.
class TrainingSteps {
 public:
  static constexpr double learning_rate = 1e-4;

  TrainingSteps(const LanguageModel<float>& model, carousel::Batch batch);

  // One more step. Returns the loss before it.
  double operator()();

 private:
  carousel::Batch batch_;
  program::Trainer<float> trainer_;
  std::int64_t done_ = 0;
};

// Reading token by token, batch 1, with the state carried along.
class DecodeSteps {
 public:
  explicit DecodeSteps(const LanguageModel<float>& model) : model_(model) {}

  // Takes in a token. Returns the logits (V) of the next one.
  std::span<const float> operator()(std::int32_t token);

 private:
  const LanguageModel<float>& model_;
  ModelOutput<float> output_;
};

}  // namespace carousel::bench
