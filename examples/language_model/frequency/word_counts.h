// How often words stand in a text.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "data/corpus.h"

namespace carousel::program {

class WordCounts {
 public:
  // Of all words (frequency/word_splitter.h) of a corpus with a tokenizer. Reads everything;
  // documents end words. Throws Error where reading does.
  explicit WordCounts(const Corpus& corpus);

  std::int64_t of(const std::string& word) const;

 private:
  std::unordered_map<std::string, std::int64_t> counts_;
};

}  // namespace carousel::program
