#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "core/safetensors.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/dtype.h"
#include "examples/language_model/evaluation.h"
#include "examples/language_model/frequency/word_losses.h"
#include "examples/language_model/initial_model.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/tokenizers.h"
#include "examples/language_model/training_data.h"
#include "nn/model_directory.h"

namespace carousel::program {

namespace {

using Table = std::optional<FrequencyTable>;

std::string as_json(const Evaluation& result, const Corpus& corpus, const Table& table) {
  nlohmann::ordered_json json;
  json["loss"] = result.loss;
  json["perplexity"] = result.perplexity();
  json[fmt::format("bits_per_{}", corpus.unit())] = result.bits();
  json["tokens"] = result.tokens;
  if (table) add_to(json, *table);
  return json.dump() + "\n";
}

std::string as_text(const Evaluation& result, const Corpus& corpus, const Table& table) {
  const char* const unit = corpus.unit();
  const std::string text = fmt::format(
      "loss           {} nats per {}\nperplexity     {}\nbits per {:<5} {}\ntokens         {}\n",
      result.loss, unit, result.perplexity(), unit, result.bits(), result.tokens);
  return table ? text + as_text(*table) : text;
}

std::optional<WordCounts> training_words(const EvalOptions& options, const Corpus& corpus,
                                         std::int64_t vocab_size) {
  if (options.by_frequency.empty()) return std::nullopt;
  CAROUSEL_CHECK(corpus.tokenizer(),
                 "--by-frequency: words are made of text, but the model in {} has no tokenizer",
                 options.model.string());
  Corpus learned = open_learned(options.by_frequency, corpus.tokenizer());
  learned.check_vocabulary(vocab_size);
  return WordCounts(learned);
}

template <class Real>
int evaluate_files(const EvalOptions& options) {
  if (!options.logits.empty()) AtomicFile(options.logits);  // fails now rather than after the work
  const auto model = load_model<Real>(options.model);
  move_to<Wide<Real>>(model, options.device);
  Corpus corpus =
      open_to_measure(options.data, tokenizer_of_model(options.model, model.config.vocab_size));
  corpus.check_vocabulary(model.config.vocab_size);

  EvaluationOptions<Wide<Real>> how{
      .context = options.context.value_or(context_of(model.config)),
      .carry_state = options.carry_state,
      .documents = options.documents ? Documents::apart : Documents::joined};
  Tensor<Wide<Real>> logits;
  if (!options.logits.empty() && corpus.size() >= 2) {
    logits = Tensor<Wide<Real>>({corpus.size() - 1, model.config.vocab_size});
    how.on_logits = [&](std::int64_t first, std::span<const Wide<Real>> rows) {
      std::ranges::copy(rows, logits.mutable_data() + first * logits.dim(1));
    };
  }
  const auto counts = training_words(options, corpus, model.config.vocab_size);
  std::optional<WordLosses> words;
  if (counts) {
    words.emplace(corpus, *counts);
    how.on_token = [&words](std::int64_t token, std::optional<double> nats) {
      words->add(token, nats);
    };
  }
  const Evaluation result = evaluate<Real>(model, {&corpus, 0, corpus.size()}, how);
  const Table table = words ? std::optional(words->finish()) : std::nullopt;
  if (logits.defined()) write_safetensors(options.logits, {{"logits", logits}});
  print(options.json ? as_json(result, corpus, table) : as_text(result, corpus, table));
  return 0;
}

}  // namespace

int run(const EvalOptions& options) {
  set_threads(options.threads);
  check_available(options.device);
  return with_dtype(options.dtype,
                    [&](auto real) { return evaluate_files<decltype(real)>(options); });
}

}  // namespace carousel::program
