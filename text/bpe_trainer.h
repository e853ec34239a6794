// BpeTrainer: learns a byte-level byte-pair encoding from texts.
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/vocabulary.h"

namespace carousel {

// Again and again the most frequent pair of neighbouring tokens within a word becomes a token. Of
// pairs that are equally frequent, the one with the greater left token counts or, if those are the
// same, the one with the greater right token: greater as byte strings, compared from the front, of
// which one is less than what it is the start of. So the result depends on the texts alone, not on
// their order.
class BpeTrainer {
 public:
  // specials: texts that become tokens of their own and separate words. Throws Error when one is
  // empty or there twice, or vocab_size has no room for them and the 256 bytes.
  BpeTrainer(std::int64_t vocab_size, const std::vector<std::string>& specials);

  // Counts the words of a text.
  void add(std::string_view text);

  // Ids: the specials, the bytes in the order of their alphabet, then a token per merge. Throws
  // Error when the texts have too few pairs.
  Vocabulary train() const;

 private:
  std::size_t vocab_size_;
  Vocabulary start_;  // without merges
  AddedTokens specials_;
  tsl::robin_map<std::string, std::int64_t> words_;
};

}  // namespace carousel
