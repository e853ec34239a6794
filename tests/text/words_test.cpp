#include "text/words.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "text/byte_alphabet.h"

namespace carousel {

namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text) {
  Words result;
  split_words(text, [&](std::string_view word) { result.emplace_back(word); });
  return result;
}

}  // namespace

TEST_CASE("words: letters, numbers and others with the blank before them") {
  CHECK(words("").empty());
  CHECK(words("Hello, world 42!") == Words{"Hello", ",", " world", " 42", "!"});
  CHECK(words("a1b2 Größe ½Ⅷ") == Words{"a", "1", "b", "2", " Größe", " ½Ⅷ"});
  CHECK(words("日本語、🎉") == Words{"日本語", "、🎉"});
  CHECK(words("e\u0301a") == Words{"e", "\u0301", "a"});  // a mark is no letter
}

TEST_CASE("words: contractions, in small letters only") {
  CHECK(words("it's I'd we'll 'tis don't") ==
        Words{"it", "'s", " I", "'d", " we", "'ll", " '", "tis", " don", "'t"});
  CHECK(words("IT'S x'er") == Words{"IT", "'", "S", " x", "'", "er"});
}

TEST_CASE("words: of several blanks the last goes with what follows") {
  CHECK(words("a  b") == Words{"a", " ", " b"});
  CHECK(words("a\n\n b") == Words{"a", "\n\n", " b"});
  CHECK(words("a \n\tb") == Words{"a", " \n", "\t", "b"});
  CHECK(words("   ") == Words{"   "});
  CHECK(words("a\u00a0\u3000b") == Words{"a", "\u00a0", "\u3000", "b"});
  CHECK(words("x\u0085y") == Words{"x", "\u0085", "y"});
  CHECK(words("x\u180ey\u200bz") == Words{"x", "\u180e", "y", "\u200b", "z"});  // not White_Space
}

TEST_CASE("words: bytes that are no characters are neither letters nor blanks") {
  CHECK(words("a \xFF\xFE b") == Words{"a", " \xFF\xFE", " b"});
  CHECK(words("a\xE2\x82") == Words{"a", "\xE2\x82"});
  CHECK(words("  \xFF") == Words{" ", " \xFF"});
  CHECK(words("\xFF?\x1A!") == Words{"\xFF?\x1A!"});
}

TEST_CASE("byte alphabet: 256 characters, there and back") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string text = to_byte_alphabet(all);
  CHECK(from_byte_alphabet(text) == all);
  CHECK(to_byte_alphabet(" a\n\xFF") == "ĠaĊÿ");
  CHECK(to_byte_alphabet("\x7F\xAD") == "ġŃ");
  CHECK(from_byte_alphabet("") == "");
  for (const char* const other : {"a b", "\n", "ń\u0144", "日", "\xFF", "a\u00AD"}) {
    INFO(other);
    CHECK(!from_byte_alphabet(other));
  }

  const auto order = byte_alphabet_order();
  CHECK(std::string(order.data(), 3) == "!\"#");
  CHECK(std::string(order.data() + 253, 3) == "\x9F\xA0\xAD");
  CHECK(std::is_permutation(order.begin(), order.end(), all.begin()));
}

}  // namespace carousel
