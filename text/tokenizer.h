// Tokenizer: text to token ids and back. Byte-level byte-pair encoding as GPT-2 does it (Radford et
// al. 2019, section 2.2), of which single bytes are the case without merges.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/vocabulary.h"

namespace carousel {

// What becomes of a special token's text.
enum class Specials { recognised, plain_text };

// Immutable, and cheap to copy. Any number of threads may use one.
class Tokenizer {
 public:
  // 256 tokens: token b is byte b.
  static Tokenizer bytes();

  // Throws Error, which calls the vocabulary by its origin, when there is no token, one is empty or
  // there twice, or a merge makes no token or is there twice. Ids must be those of tokens.
  Tokenizer(Vocabulary vocabulary, std::string_view origin);

  // The ids of a text. Any bytes are allowed: one that is not part of a UTF-8 character is kept,
  // and the split into words takes it for the control character SUBSTITUTE. decode() gives the text
  // back or, with nfc, its normalised form. Throws Error for a byte that has no token.
  std::vector<std::int32_t> encode(std::string_view text,
                                   Specials specials = Specials::recognised) const;

  // The bytes of the ids. Throws Error for an id outside the vocabulary.
  std::string decode(std::span<const std::int32_t> ids) const;

  // The bytes of one token. Throws Error for an id outside the vocabulary.
  const std::string& token(std::int32_t id) const;

  std::int64_t vocab_size() const;
  const Vocabulary& vocabulary() const;

  // Whether it is the one of bytes().
  bool is_bytes() const;

 private:
  class Encoder;
  std::shared_ptr<const Encoder> encoder_;
};

}  // namespace carousel
