// WordSplitter: tokens back to words, as people count them: what stands between white space.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace carousel::program {

// A word is a maximal run of bytes that are not white space (ASCII's), a line break, or a special
// token. The other white space belongs to the word after it; at the end, to an empty word.
class WordSplitter {
 public:
  // Called with each word as soon as it is known where it ends, without its white space, and
  // whether the token was predicted that holds its last byte.
  using OnWord = std::function<void(const std::string& word, bool predicted)>;

  WordSplitter(const Tokenizer& tokenizer, OnWord on_word);

  // The next token. It may hold parts of several words. Throws Error for one that the tokenizer
  // does not have.
  void add(std::int32_t id, bool predicted);

  // The text ends here, or a document does.
  void end();

 private:
  void add_byte(char byte);
  void finish_word();

  Tokenizer tokenizer_;
  OnWord on_word_;
  std::vector<bool> special_;  // (V)
  std::string word_;           // so far
  bool begun_ = false;         // there are bytes since the last word, if only white space
  bool special_word_ = false;  // the word is a special token
  bool predicted_ = false;     // the token was that holds the last byte
};

}  // namespace carousel::program
