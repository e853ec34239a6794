// Writer: a model that continues a text token by token, in memory that does not grow with it.
#pragma once

#include <algorithm>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "examples/language_model/sampling.h"
#include "nn/language_model.h"
#include "text/tokenizer.h"

namespace carousel::program {

template <class Real>
class Writer {
 public:
  // Writes no token from vocab_size on: a model may have more than its tokenizer.
  Writer(const LanguageModel<Real>& model, const Sampling& sampling, std::uint64_t seed,
         std::int64_t vocab_size)
      : model_(model),
        sampling_(sampling),
        random_(Random{seed}.named("sampling")),
        choices_(std::min(vocab_size, model.config.vocab_size)) {}

  // Takes in tokens that are given. Throws Error for one outside the vocabulary.
  void read(std::span<const std::int32_t> tokens);

  // Chooses the next token and takes it in. Wants at least one token to have been read.
  std::int32_t write();

 private:
  void advance(std::span<const std::int32_t> tokens);

  const LanguageModel<Real>& model_;
  Sampling sampling_;
  Random random_;
  std::int64_t choices_;
  std::uint64_t written_ = 0;
  std::vector<std::int32_t> pending_;  // written but not yet taken in: the last may never be
  ModelState<Wide<Real>> state_;
  std::vector<double> logits_;
};

extern template class Writer<float>;
extern template class Writer<double>;
extern template class Writer<bf16>;

// Takes text as it is written, piece by piece.
using TextSink = std::function<void(std::string_view)>;

// Writes that many tokens and gives away their text as it comes, in whole characters.
template <class Real>
void write_text(Writer<Real>& writer, const Tokenizer& tokenizer, std::int64_t tokens,
                const TextSink& put);

}  // namespace carousel::program
