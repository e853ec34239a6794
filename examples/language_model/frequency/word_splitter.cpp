#include "examples/language_model/frequency/word_splitter.h"

#include <string_view>
#include <utility>

namespace carousel::program {

namespace {

bool is_space(char byte) { return std::string_view(" \t\n\v\f\r").find(byte) != std::string::npos; }

}  // namespace

WordSplitter::WordSplitter(const Tokenizer& tokenizer, OnWord on_word)
    : tokenizer_(tokenizer),
      on_word_(std::move(on_word)),
      special_(static_cast<std::size_t>(tokenizer.vocab_size())) {
  for (const AddedToken& added : tokenizer.vocabulary().added) {
    special_.at(static_cast<std::size_t>(added.id)) = added.special;
  }
}

void WordSplitter::add(std::int32_t id, bool predicted) {
  const std::string& bytes = tokenizer_.token(id);
  if (special_[static_cast<std::size_t>(id)]) {
    if (!word_.empty()) finish_word();
    word_ = bytes;
    begun_ = special_word_ = true;
    predicted_ = predicted;
    return;
  }
  for (const char byte : bytes) {
    add_byte(byte);
    predicted_ = predicted;
  }
}

void WordSplitter::add_byte(char byte) {
  const bool ends = special_word_ || word_ == "\n" || is_space(byte);
  if (ends && !word_.empty()) finish_word();
  if (byte == '\n' || !is_space(byte)) word_ += byte;
  begun_ = true;
}

void WordSplitter::end() {
  if (begun_) finish_word();
}

void WordSplitter::finish_word() {
  on_word_(word_, predicted_);
  word_.clear();
  begun_ = special_word_ = false;
}

}  // namespace carousel::program
