// Evaluation: how well a model predicts a stretch of tokens.
#pragma once

#include <functional>
#include <optional>

#include "data/batches.h"
#include "nn/language_model.h"

namespace carousel::program {

struct Evaluation {
  double loss = 0;          // mean over the predicted tokens, in nats
  std::int64_t tokens = 0;  // predicted
  bool stopped = false;     // before the end: the figures are of the front part

  double bits() const;        // loss in bits
  double perplexity() const;  // e^loss

  static void visit(auto& self, auto&& v) {
    v("loss", self.loss);
    v("tokens", self.tokens);
  }
};

// What an evaluation is told, beside the model and the tokens.
template <class Real>
struct EvaluationOptions {
  std::int64_t context;      // window length
  bool carry_state = false;  // from window to window; otherwise each starts fresh
  Documents documents = Documents::joined;
  // Called with logits (rows, V) of the predicted tokens first, first + 1, …
  std::function<void(std::int64_t first, std::span<const Real> logits)> on_logits = {};
  // Called for token 1, then 2, …, N − 1, with its nats; none: it was not predicted.
  std::function<void(std::int64_t token, std::optional<double> nats)> on_token = {};
  std::function<bool()> stop = {};  // asked between batches
};

// Predicts tokens 1 … N − 1 of N ≥ 2. The inputs 0 … N − 2 are cut into windows of `context`; the
// last may be shorter. With documents apart each begins from a fresh state, and its first token is
// not predicted. Memory depends neither on N nor on the context. Throws Error when N < 2 or nothing
// can be predicted, and for a loss that is not finite.
template <class Real>
Evaluation evaluate(const LanguageModel<Real>& model, const Tokens& tokens,
                    const EvaluationOptions<Wide<Real>>& options);

}  // namespace carousel::program
