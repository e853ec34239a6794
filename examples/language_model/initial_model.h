// The model a training run starts from.
#pragma once

#include "examples/language_model/options/options.h"
#include "nn/language_model.h"

namespace carousel::program {

// Sequence length of a model whose config does not say one.
inline constexpr std::int64_t default_context = 256;

// The config's context_length, or the default.
std::int64_t context_of(const ModelConfig& config);

// From --preset or --model, with the initial weights of the seed, or from --init, with its weights.
// --vocab-size and --dropout change the config; --context does, unless it is a given one for longer
// sequences. Throws Error naming the file that is missing or makes no sense.
template <class Real>
LanguageModel<Real> initial_model(const TrainOptions& options);

}  // namespace carousel::program
