#include "examples/language_model/frequency/word_counts.h"

#include "examples/language_model/frequency/word_splitter.h"

namespace carousel::program {

WordCounts::WordCounts(const Corpus& corpus) {
  WordSplitter splitter(corpus.tokenizer().value(),
                        [this](const std::string& word, bool) { ++counts_[word]; });
  std::vector<std::int32_t> ids;
  std::int64_t document = 0;
  for (std::int64_t at = 0; at < corpus.size(); at += std::ssize(ids)) {
    if (at == document) {
      splitter.end();
      document = corpus.next_document(at);
    }
    ids.resize(static_cast<std::size_t>(std::min<std::int64_t>(document - at, 1 << 16)));
    corpus.read(at, ids);
    for (const std::int32_t id : ids) splitter.add(id, true);
  }
  splitter.end();
}

std::int64_t WordCounts::of(const std::string& word) const {
  const auto found = counts_.find(word);
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace carousel::program
