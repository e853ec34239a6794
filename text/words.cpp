#include "text/words.h"

#include <string>

#include "core/error.h"
#include "text/pattern.h"
#include "text/utf8.h"

namespace carousel {

namespace {

const Pattern& words() {
// White_Space, which is not quite PCRE2's \s.
#define SPACE R"(\t-\r\x{85}\p{Z})"
  static const Pattern pattern("'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^" SPACE
                               "\\p{L}\\p{N}]++|[" SPACE "]+(?![^" SPACE "])|[" SPACE "]++",
                               Pattern::Subject::utf8, "tokenizer: the pattern of words");
#undef SPACE
  return pattern;
}

// The same text with SUBSTITUTE for bytes that are part of no character.
std::string substitute_invalid(std::string_view text) {
  std::string result(text);
  std::size_t at = 0;
  while (at < text.size()) {
    at += valid_utf8(text.substr(at));
    const std::size_t invalid = invalid_utf8(text.substr(at));
    result.replace(at, invalid, invalid, '\x1A');
    at += invalid;
  }
  return result;
}

}  // namespace

void split_words(std::string_view text, const std::function<void(std::string_view)>& on_word) {
  const bool valid = valid_utf8(text) == text.size();
  const std::string substituted = valid ? std::string() : substitute_invalid(text);
  Pattern::Search search(words(), valid ? text : std::string_view(substituted));
  std::size_t done = 0;
  while (const auto match = search.next()) {
    CAROUSEL_CHECK(match->begin == done, "tokenizer: the pattern of words passed over byte {}",
                   done);
    on_word(text.substr(done, match->end - done));
    done = match->end;
  }
  CAROUSEL_CHECK(done == text.size(), "tokenizer: the pattern of words passed over byte {}", done);
}

}  // namespace carousel
