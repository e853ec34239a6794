#include "tests/program/word_tables.h"

#include "data/corpus_files.h"
#include "examples/language_model/frequency/word_losses.h"

namespace carousel {

Words words_of(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids) {
  Words words;
  program::WordSplitter splitter(tokenizer,
                                 [&](const std::string& word, bool) { words.push_back(word); });
  for (const std::int32_t id : ids) splitter.add(id, true);
  splitter.end();
  return words;
}

Words words_of(const Tokenizer& tokenizer, std::string_view text) {
  return words_of(tokenizer, tokenizer.encode(text));
}

program::FrequencyTable table_of(const Tokenizer& tokenizer, const std::string& training,
                                 const std::vector<std::int32_t>& ids,
                                 const std::vector<double>& nats) {
  Corpus text(tokenizer);
  text.add(TokenView("memory", ByteSource::memory(std::vector(ids)), TokenWidth::four));
  const program::WordCounts counts(corpus_of_text("training", training, tokenizer));
  program::WordLosses losses(text, counts);
  for (std::size_t i = 0; i < nats.size(); ++i) {
    losses.add(static_cast<std::int64_t>(i) + 1,
               nats[i] < 0 ? std::nullopt : std::optional(nats[i]));
  }
  return losses.finish();
}

}  // namespace carousel
