#include "examples/language_model/initial_model.h"

#include <algorithm>

#include "core/file.h"
#include "nn/model_directory.h"

namespace carousel::program {

namespace {

ModelConfig read_config(const std::filesystem::path& file) {
  return parse_config(read_file(file), file.string());
}

ModelConfig initial_config(const TrainOptions& options, const std::optional<Tokenizer>& tokenizer) {
  if (!options.init.empty()) return read_config(options.init / "config.json");
  if (!options.model.empty()) return read_config(options.model);
  ModelConfig config = preset(options.preset);
  config.vocab_size =
      options.vocab_size.value_or(tokenizer ? tokenizer->vocab_size() : config.vocab_size);
  if (options.context) config.context_length = 0;
  return config;
}

// Parameters are shared by the copies of a model, so they are written through the names' Vars.
template <class Real>
void copy_weights(const LanguageModel<Real>& from, const LanguageModel<Real>& to) {
  const auto sources = parameters<Wide<Real>>(from), targets = parameters<Wide<Real>>(to);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    auto target = targets[i].var.value;
    target.copy_from(sources[i].var.value);
  }
}

}  // namespace

std::int64_t context_of(const ModelConfig& config) {
  return config.context_length > 0 ? config.context_length : default_context;
}

template <class Real>
LanguageModel<Real> initial_model(const TrainOptions& options,
                                  const std::optional<Tokenizer>& tokenizer) {
  ModelConfig config = initial_config(options, tokenizer);
  config.dropout = options.dropout.value_or(config.dropout);
  config.context_length =
      std::max(config.context_length, options.context.value_or(context_of(config)));
  check_config(config, "train");
  // A model may have fewer tokens than there are bytes, for data that has fewer.
  CAROUSEL_CHECK(
      !tokenizer || tokenizer->is_bytes() || tokenizer->vocab_size() <= config.vocab_size,
      "train: the tokenizer has {} tokens, but the model's vocab_size is {}",
      tokenizer->vocab_size(), config.vocab_size);
  const LanguageModel<Real> model(config, options.seed);
  if (!options.init.empty()) copy_weights(load_model<Real>(options.init), model);
  return model;
}

template LanguageModel<float> initial_model(const TrainOptions&, const std::optional<Tokenizer>&);
template LanguageModel<double> initial_model(const TrainOptions&, const std::optional<Tokenizer>&);
template LanguageModel<bf16> initial_model(const TrainOptions&, const std::optional<Tokenizer>&);

}  // namespace carousel::program
