#include "text/utf8.h"

#include <doctest/doctest.h>

#include <string>

#include "text/normalization.h"
#include "text/text_stream.h"

namespace carousel {

using namespace std::string_literals;

TEST_CASE("utf8: the valid front of a text") {
  CHECK(valid_utf8("") == 0);
  CHECK(valid_utf8("a text without anything else") == 28);
  CHECK(valid_utf8("zwölf Boxkämpfer, 日本語, 🎉") ==
        std::string("zwölf Boxkämpfer, 日本語, 🎉").size());
  CHECK(valid_utf8("\0\x7F"s) == 2);
  CHECK(valid_utf8("abc\xFF") == 3);
  CHECK(valid_utf8("eight by\x80tes") == 8);
  CHECK(valid_utf8("\xC0\x80") == 0);          // overlong
  CHECK(valid_utf8("\xE0\x9F\xBF") == 0);      // overlong
  CHECK(valid_utf8("\xED\xA0\x80") == 0);      // a surrogate
  CHECK(valid_utf8("\xF4\x90\x80\x80") == 0);  // above U+10FFFF
  CHECK(valid_utf8("\xF4\x8F\xBF\xBF") == 4);
  CHECK(valid_utf8("a\xE2\x82") == 1);
}

TEST_CASE("utf8: the invalid front of a text") {
  CHECK(invalid_utf8("") == 0);
  CHECK(invalid_utf8("a") == 0);
  CHECK(invalid_utf8("\xFF\x80 a") == 2);
  CHECK(invalid_utf8("\xE2\x82ä") == 2);
  CHECK(invalid_utf8("\xFF\xFE") == 2);
}

TEST_CASE("utf8: the unfinished end of a text") {
  CHECK(unfinished_utf8("") == 0);
  CHECK(unfinished_utf8("abc") == 0);
  CHECK(unfinished_utf8("ä") == 0);
  CHECK(unfinished_utf8("a\xC3") == 1);
  CHECK(unfinished_utf8("a\xE2") == 1);
  CHECK(unfinished_utf8("a\xE2\x82") == 2);
  CHECK(unfinished_utf8("\xF0\x9F\x8E") == 3);
  CHECK(unfinished_utf8("a\xC0") == 0);      // starts no character
  CHECK(unfinished_utf8("a\xE0\x80") == 0);  // nothing completes these
  CHECK(unfinished_utf8("\xED\xA0") == 0);
  CHECK(unfinished_utf8("\xE0\xA0") == 2);
  CHECK(unfinished_utf8("\xED\x9F") == 2);
  CHECK(unfinished_utf8("\xF0\x90") == 2);
  CHECK(unfinished_utf8("\xF4\x8F") == 2);
  CHECK(unfinished_utf8("\xF4\x90") == 0);
  CHECK(unfinished_utf8("\x82\x82") == 0);
}

TEST_CASE("text stream: characters come whole, and no byte is lost") {
  const std::string text = "aä日🎉\xFF\xE2\x82z\xED\xA0\x80 \xF0\x9F";
  TextStream stream;
  std::string all;
  for (const char byte : text) {
    const std::string shown = stream.add(std::string(1, byte));
    CHECK(unfinished_utf8(shown) == 0);
    all += shown;
  }
  CHECK(all == text.substr(0, text.size() - 2));
  CHECK(stream.finish() == "\xF0\x9F");
  CHECK(stream.finish().empty());

  CHECK(TextStream().add("\xE2\x82\xAC") == "€");
  CHECK(stream.add("\xE2").empty());
  CHECK(stream.add("\x82\xAC\xE2\x82") == "€");
  CHECK(stream.add("\xACx") == "€x");
}

TEST_CASE("nfc: characters are composed, other bytes stay and separate") {
  CHECK(nfc("") == "");
  CHECK(nfc("plain") == "plain");
  CHECK(nfc("cafe\u0301") == "café");
  CHECK(nfc("e\u0301\u0323") == "ẹ\u0301");      // by canonical order
  CHECK(nfc("\u1100\u1161\u11A8") == "\uAC01");  // Hangul
  CHECK(nfc("\u212B\u2126") == "\u00C5\u03A9");  // singletons
  CHECK(nfc("\u0958") == "\u0915\u093C");        // a composition exclusion
  CHECK(nfc("\xFF"
            "e\u0301\xC3") ==
        "\xFF"
        "é\xC3");
  CHECK(nfc("e\xFF\u0301") == "e\xFF\u0301");
  CHECK(nfc("e\0\u0301"s) == "e\0\u0301"s);
}

}  // namespace carousel
