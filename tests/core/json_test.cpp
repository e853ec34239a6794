#include "core/json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace carousel {

TEST_CASE("parse_json reads values of every kind") {
  const auto json = parse_json(R"({"a": [1, -2.5, true, null], "b": {"a": "é"}})", "x");
  CHECK(json["a"][0] == 1);
  CHECK(json["a"][1] == -2.5);
  CHECK(json["b"]["a"] == "é");
}

TEST_CASE("parse_json names origin, line and column of a syntax error") {
  const auto parse = [](std::string_view text) { parse_json(text, "config.json"); };
  CHECK_THROWS_WITH_AS(parse("{\n  \"a\": 1,\n}"),
                       "config.json: parse error at line 3, column 1: syntax error while parsing "
                       "object key - unexpected '}'; expected string literal",
                       Error);
  CHECK_THROWS_WITH_AS(parse(""),
                       "config.json: parse error at line 1, column 1: syntax error while parsing "
                       "value - unexpected end of input; expected '[', '{', or a literal",
                       Error);
  for (const char* text : {"{", "[1", "{\"a\"}", "{\"a\": NaN}", "1 2", "{'a': 1}", "\"\xff\"",
                           "{\"a\": Infinity}", "// comment\n1", "[1,]", "\"\\ud800\""}) {
    INFO(text);
    CHECK_THROWS_AS(parse(text), Error);
  }
  CHECK_THROWS_WITH_AS(parse("[1e999]"), "config.json: number overflow parsing '1e999'", Error);
}

TEST_CASE("parse_json refuses duplicate keys at every level, not equal keys of different objects") {
  CHECK_THROWS_WITH_AS(parse_json(R"({"a": 1, "b": 2, "a": 3})", "f"), "f: duplicate key \"a\"",
                       Error);
  CHECK_THROWS_WITH_AS(parse_json(R"([{"b": {"c": 1, "c": 1}}])", "f"), "f: duplicate key \"c\"",
                       Error);
  CHECK_THROWS_AS(parse_json(R"({"a": 1, "\u0061": 2})", "f"), Error);
  CHECK_NOTHROW(parse_json(R"([{"a": {"a": 1}, "b": {"a": 1}}, {"a": 1}])", "f"));
}

TEST_CASE("parse_json refuses hostile nesting and keeps messages short") {
  const std::string deep(1000000, '[');
  CHECK_THROWS_WITH_AS(parse_json(deep, "f"), "f: nested deeper than 64 levels", Error);
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  CHECK_THROWS_WITH_AS(parse_json(objects, "f"), "f: nested deeper than 64 levels", Error);
  CHECK_NOTHROW(parse_json(std::string(64, '[') + std::string(64, ']'), "f"));

  try {
    parse_json("\"" + std::string(100000, 'x'), "f");
    FAIL("parsed an open string");
  } catch (const Error& error) {
    CHECK(std::string_view(error.what()).size() < 250);
  }
}

TEST_CASE("show cuts a long value between characters") {
  CHECK(show(nlohmann::json("abc")) == "\"abc\"");
  std::string accents;
  for (int i = 0; i < 200; ++i) accents += "é";
  const std::string shown = show(nlohmann::json(accents));
  CHECK(shown.size() <= 164);
  CHECK_NOTHROW(nlohmann::json(shown).dump());  // which throws on half a character
}

}  // namespace carousel
