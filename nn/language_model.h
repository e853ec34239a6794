// LanguageModel: embedding, xLSTM blocks, and a head that scores every token of the vocabulary.
//
//   const LanguageModel<float> model(config, /*seed=*/1);
//   auto [logits, state] = model(tokens);              // a whole sequence, from a fresh state
//   auto [more, later] = model(next, state);           // the next segment or token
#pragma once

#include <optional>

#include "nn/block_stack.h"
#include "nn/config.h"
#include "nn/embedding.h"
#include "nn/parameters.h"

namespace carousel {

template <class Real>
struct ModelOutput {
  Var<Wide<Real>> logits;        // (B, S, V): those at position t score token t + 1
  ModelState<Wide<Real>> state;  // after the last token
};

// Copies of a model share its parameters.
template <class Real>
struct LanguageModel {
  ModelConfig config;
  BlockStack<Real> xlstm_block_stack;
  Embedding<Real> token_embedding;
  std::optional<Linear<Real>> lm_head;  // none where the head's weights are the embedding's

  // Parameters with their initial values: a function of the seed and their names alone.
  LanguageModel(const ModelConfig& model_config, std::uint64_t seed);

  // tokens (B, S), any S ≥ 1; they, and the options' reset, are brought to the model's device. One
  // sequence can be cut into calls anywhere: pass the state on. Move it where nobody else needs it,
  // so that a step of decoding updates it where it lies. Throws Error for a token outside [0, V),
  // if the cpu has it, and for a state of another model, batch size or device.
  ModelOutput<Real> operator()(const Tensor<std::int32_t>& tokens,
                               ModelState<Wide<Real>> state = {},
                               const CallOptions& options = {}) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("xlstm_block_stack", xlstm_block_stack);
    v("token_embedding", token_embedding);
    v("lm_head", lm_head);
  }
};

}  // namespace carousel
