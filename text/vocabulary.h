// Vocabulary: what a tokenizer is made of, as files hold it and training finds it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carousel {

// A token that stands for its text wherever that occurs, before anything else is looked at.
struct AddedToken {
  std::int32_t id;
  bool special = true;      // a mark, such as the end of a text, rather than part of one
  bool normalized = false;  // looked for in the normalised text
};

struct Vocabulary {
  std::vector<std::string> tokens;                            // id → bytes
  std::vector<std::pair<std::int32_t, std::int32_t>> merges;  // first learnt first
  std::vector<AddedToken> added;
  bool nfc = false;  // text is brought into Unicode normalisation form C first
};

}  // namespace carousel
