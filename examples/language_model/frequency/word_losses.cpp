#include "examples/language_model/frequency/word_losses.h"

namespace carousel::program {

WordLosses::WordLosses(const Corpus& text, const WordCounts& training)
    : text_(text),
      training_(training),
      splitter_(text.tokenizer().value(),
                [this](const std::string& word, bool predicted) { finish_word(word, predicted); }) {
  add(0, std::nullopt);
}

void WordLosses::add(std::int64_t token, std::optional<double> nats) {
  std::int32_t id = 0;
  text_.read(token, {&id, 1});
  if (!nats) splitter_.end();
  splitter_.add(id, nats.has_value());
  if (!nats) return;
  word_ += {.tokens = 1, .nats = *nats};
  table_.all += {.tokens = 1, .nats = *nats};
}

void WordLosses::finish_word(const std::string& word, bool predicted) {
  if (!predicted) return;  // nothing of it was
  word_.words = 1;
  table_.all.words += 1;
  table_.buckets[FrequencyTable::bucket(training_.of(word))] += word_;
  word_ = {};
}

FrequencyTable WordLosses::finish() {
  splitter_.end();
  return table_;
}

}  // namespace carousel::program
