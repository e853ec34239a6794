#include "examples/language_model/training_data.h"

#include "core/error.h"
#include "data/corpus_files.h"
#include "data/prepared.h"
#include "examples/language_model/built_in_corpus.h"
#include "examples/language_model/tokenizers.h"
#include "text/tokenizer_json.h"

namespace carousel::program {

namespace {

using Paths = std::vector<std::filesystem::path>;

bool is_prepared(const Paths& data) {
  std::error_code ignored;
  return data.size() == 1 && std::filesystem::is_directory(data.front(), ignored);
}

void check_same(const Tokenizer& tokenizer, const std::optional<Tokenizer>& wanted,
                const std::filesystem::path& data) {
  const auto text = [](const Tokenizer& t) { return to_tokenizer_json(t.vocabulary()); };
  CAROUSEL_CHECK(!wanted || text(tokenizer) == text(*wanted),
                 "data: {} was prepared with another tokenizer, of {} tokens; the model's has {}",
                 data.string(), tokenizer.vocab_size(), wanted->vocab_size());
}

PreparedData open_prepared(const std::filesystem::path& data,
                           const std::optional<Tokenizer>& tokenizer) {
  PreparedData prepared = carousel::open_prepared(data);
  check_same(*prepared.training.tokenizer(), tokenizer, data);
  return prepared;
}

}  // namespace

Corpus open_to_measure(const Paths& data, const std::optional<Tokenizer>& tokenizer) {
  if (!is_prepared(data)) return open_files(data, tokenizer);
  PreparedData prepared = open_prepared(data.front(), tokenizer);
  return std::move(prepared.validation.size() > 0 ? prepared.validation : prepared.training);
}

Corpus open_learned(const Paths& data, const std::optional<Tokenizer>& tokenizer) {
  if (!is_prepared(data)) return open_files(data, tokenizer);
  return open_prepared(data.front(), tokenizer).training;
}

TrainingData::Both TrainingData::open(const TrainOptions& options) {
  auto tokenizer = tokenizer_for_training(options);
  if (options.data.empty()) {
    return {corpus_of_text("the built-in corpus", built_in_corpus(), tokenizer), {}, Cut::anywhere};
  }
  if (!is_prepared(options.data)) return {open_files(options.data, tokenizer), {}, Cut::anywhere};
  PreparedData prepared = open_prepared(options.data.front(), tokenizer);
  Both both{std::move(prepared.training), {}, Cut::between_documents};
  const bool kept = prepared.validation.size() > 0 && !options.val_fraction;
  if (kept) both.measured = std::move(prepared.validation);
  return both;
}

TrainingData::TrainingData(const TrainOptions& options) : TrainingData(options, open(options)) {}

TrainingData::TrainingData(const TrainOptions& options, Both both)
    : options_(options),
      learned_(std::move(both.learned)),
      measured_(std::move(both.measured)),
      cut_(both.cut) {
  if (!options.val_data.empty()) measured_ = open_to_measure(options.val_data, tokenizer());
}

void TrainingData::check_vocabulary(std::int64_t vocab_size) {
  learned_.check_vocabulary(vocab_size);
  if (measured_) measured_->check_vocabulary(vocab_size);
}

Tokens TrainingData::training() const {
  if (measured_) return {&learned_, 0, learned_.size()};
  return split(learned_, options_.val_fraction.value_or(default_val_fraction), cut_).training;
}

Tokens TrainingData::validation() const {
  const double fraction = options_.val_fraction.value_or(default_val_fraction);
  Tokens tokens = measured_ ? Tokens{&*measured_, 0, measured_->size()}
                            : split(learned_, fraction, cut_).validation;
  if (options_.eval_tokens > 0) {
    tokens.end = std::min(tokens.end, tokens.begin + options_.eval_tokens + 1);
  }
  CAROUSEL_CHECK(!measured_ || tokens.size() >= 2,
                 "train: there are {} to validate on, want at least 2", tokens.count());
  CAROUSEL_CHECK(
      measured_ || fraction == 0 || tokens.size() >= 2,
      "train: --val-fraction {} leaves {} for validation, want at least 2, or 0 for no validation",
      fraction, tokens.count());
  return tokens;
}

std::string TrainingData::checksum() const {
  if (!measured_) return learned_.checksum();
  return fmt::format("{} and {}", learned_.checksum(), measured_->checksum());
}

}  // namespace carousel::program
