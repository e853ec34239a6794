#include "text/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

namespace carousel {

namespace {

// The length of the character that the text starts with, or 0.
std::size_t first_character(std::string_view text) {
  const auto size = static_cast<utf8proc_ssize_t>(std::min<std::size_t>(text.size(), 4));
  utf8proc_int32_t code = 0;
  const auto length =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), size, &code);
  return length > 0 ? static_cast<std::size_t>(length) : 0;
}

bool is_ascii(const char* eight) {
  std::uint64_t word;
  std::memcpy(&word, eight, sizeof word);
  return (word & 0x8080808080808080) == 0;
}

}  // namespace

std::size_t valid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (at + 8 <= text.size() && is_ascii(text.data() + at)) {
      at += 8;
      continue;
    }
    const std::size_t length = first_character(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

std::size_t invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && first_character(text.substr(at)) == 0) ++at;
  return at;
}

std::size_t unfinished_utf8(std::string_view text) {
  for (std::size_t count = 1; count <= std::min<std::size_t>(text.size(), 3); ++count) {
    const std::string tail(text.substr(text.size() - count));
    if (first_character(tail) > 0) return 0;
    // The second byte of a character has a range that depends on the first, and every range has
    // one of 80 and BF at its end.
    for (const char filler : {'\x80', '\xBF'}) {
      if (first_character(tail + std::string(3, filler)) > count) return count;
    }
  }
  return 0;
}

}  // namespace carousel
