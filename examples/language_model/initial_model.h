// The model a training run starts from.
#pragma once

#include "examples/language_model/options/options.h"
#include "nn/language_model.h"
#include "text/tokenizer.h"

namespace carousel::program {

// Sequence length of a model whose config does not say one.
inline constexpr std::int64_t default_context = 256;

// The config's context_length, or the default.
std::int64_t context_of(const ModelConfig& config);

// From --preset or --model, with the initial weights of the seed, or from --init, with its weights.
// --vocab-size and --dropout change the config; --context does, unless it is a given one for longer
// sequences. A preset has as many tokens as the tokenizer. Throws Error naming the file that is
// missing or makes no sense, and when the tokenizer, unless it is bytes, has more tokens than the
// model.
template <class Real>
LanguageModel<Real> initial_model(const TrainOptions& options,
                                  const std::optional<Tokenizer>& tokenizer);

}  // namespace carousel::program
