// tokenizer.json: what may stand in it, and what is said of everything else.

#include "text/tokenizer_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "text/tokenizer.h"

namespace carousel {

namespace {

using nlohmann::json;

json usable() {
  return json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [
      {"id": 5, "content": "<end>", "single_word": false, "lstrip": false, "rstrip": false,
       "normalized": false, "special": true},
      {"id": 3, "content": "  ", "normalized": true, "special": false}],
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true},
    "post_processor": {"type": "ByteLevel", "anything": 1},
    "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},
    "model": {
      "type": "BPE", "dropout": null, "unk_token": "<end>", "continuing_subword_prefix": null,
      "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
      "vocab": {"a": 0, "Ġ": 1, "Ġa": 2, "<end>": 5, "b": 4, "Ġab": 6},
      "merges": ["Ġ a", ["Ġa", "b"]]}})");
}

// The file with one place changed.
std::string changed(const char* place, const json& value) {
  json file = usable();
  file[json::json_pointer(place)] = value;
  return file.dump();
}

std::string without(const char* place) {
  json file = usable();
  const json::json_pointer pointer(place);
  file[pointer.parent_pointer()].erase(pointer.back());
  return file.dump();
}

void says(const std::string& text, const char* sentence) {
  INFO(text);
  CHECK_THROWS_WITH_AS(Tokenizer(parse_tokenizer_json(text, "f"), "f"), sentence, Error);
}

}  // namespace

TEST_CASE("tokenizer.json: everything that counts is read") {
  const Vocabulary vocabulary = parse_tokenizer_json(usable().dump(), "f");
  CHECK(vocabulary.tokens == std::vector<std::string>{"a", " ", " a", "  ", "b", "<end>", " ab"});
  CHECK(vocabulary.merges == std::vector<std::pair<std::int32_t, std::int32_t>>{{1, 0}, {2, 4}});
  CHECK(vocabulary.nfc);
  REQUIRE(vocabulary.added.size() == 2);
  CHECK(vocabulary.added[0].special);
  CHECK(!vocabulary.added[0].normalized);
  CHECK(!vocabulary.added[1].special);
  CHECK(vocabulary.added[1].normalized);
  const Tokenizer tokenizer(vocabulary, "f");
  CHECK(tokenizer.encode("a ab  b<end>") == std::vector<std::int32_t>{0, 6, 3, 4, 5});
  for (const char* const place :
       {"/version", "/truncation", "/padding", "/normalizer", "/decoder", "/post_processor",
        "/pre_tokenizer/trim_offsets", "/model/dropout", "/model/ignore_merges"}) {
    INFO(place);
    CHECK_NOTHROW(parse_tokenizer_json(without(place), "f"));
  }
}

TEST_CASE("tokenizer.json: what is written is read again") {
  const Vocabulary vocabulary = parse_tokenizer_json(usable().dump(), "f");
  const std::string text = to_tokenizer_json(vocabulary);
  const Vocabulary again = parse_tokenizer_json(text, "f");
  CHECK(again.tokens == vocabulary.tokens);
  CHECK(again.merges == vocabulary.merges);
  CHECK(again.nfc);
  CHECK(to_tokenizer_json(again) == text);

  const Vocabulary bytes = Tokenizer::bytes().vocabulary();
  CHECK(Tokenizer(parse_tokenizer_json(to_tokenizer_json(bytes), "f"), "f").is_bytes());
}

TEST_CASE("tokenizer.json: another kind of tokenizer is refused") {
  says(changed("/truncation", {{"max_length", 8}}),
       "f: truncation got {\"max_length\":8}, want null");
  says(changed("/padding", 1), "f: padding got 1, want null");
  says(changed("/normalizer/type", "NFKC"), "f: normalizer.type got \"NFKC\", want \"NFC\"");
  says(without("/normalizer/type"), "f: normalizer.type got null, want \"NFC\"");
  says(changed("/normalizer", "NFC"), "f: normalizer got \"NFC\", want an object");
  says(changed("/pre_tokenizer/type", "Whitespace"),
       "f: pre_tokenizer.type got \"Whitespace\", want \"ByteLevel\"");
  says(changed("/pre_tokenizer/add_prefix_space", true),
       "f: pre_tokenizer.add_prefix_space got true, want false");
  says(changed("/pre_tokenizer/use_regex", false),
       "f: pre_tokenizer.use_regex got false, want true");
  says(changed("/pre_tokenizer/split", 1), "f: unknown key pre_tokenizer.split");
  says(changed("/pre_tokenizer", nullptr), "f: pre_tokenizer got null, want one of type ByteLevel");
  says(changed("/decoder/type", "WordPiece"),
       "f: decoder.type got \"WordPiece\", want \"ByteLevel\"");
  says(changed("/model/type", "Unigram"), "f: model.type got \"Unigram\", want \"BPE\"");
  says(changed("/model/dropout", 0.1), "f: model.dropout got 0.1, want null");
  says(changed("/model/byte_fallback", true), "f: model.byte_fallback got true, want false");
  says(changed("/model/ignore_merges", true), "f: model.ignore_merges got true, want false");
  says(changed("/model/end_of_word_suffix", "</w>"),
       "f: model.end_of_word_suffix got \"</w>\", want null or \"\"");
  says(changed("/model/cache", 1), "f: unknown key model.cache");
  says(changed("/extra", 1), "f: unknown key extra");
}

TEST_CASE("tokenizer.json: broken parts are named") {
  says("",
       "f: parse error at line 1, column 1: syntax error while parsing value - unexpected end of "
       "input; expected '[', '{', or a literal");
  says("[]", "f: the file got [], want an object");
  says(without("/model"), "f: there is no model");
  says(without("/model/vocab"), "f: model: there is no vocab");
  says(without("/model/merges"), "f: model: there is no merges");
  says(changed("/model", 3), "f: model got 3, want an object");
  says(changed("/model/vocab", json::array()),
       "f: model.vocab got [], want an object of ids by token");
  says(changed("/model/vocab/a", "0"), "f: model.vocab: \"a\" got \"0\", want an id, 0 or above");
  says(changed("/model/vocab/a", -1), "f: model.vocab: \"a\" got -1, want an id, 0 or above");
  says(changed("/model/vocab/a", 0.5), "f: model.vocab: \"a\" got 0.5, want an id, 0 or above");
  says(changed("/model/vocab/a", 1e18), "f: model.vocab: \"a\" got 1e+18, want an id, 0 or above");
  says(changed("/model/vocab/a", 2147483646),
       "f: model.vocab: \"a\" has id 2147483646, want ids below 7, the number of tokens");
  says(changed("/model/vocab/a", 4), "f: model.vocab: two tokens have id 4");
  says(changed("/model/vocab/", 7),
       "f: model.vocab: \"\" is neither in the byte alphabet nor an added token");
  says(changed("/model/vocab/x y", 7),
       "f: model.vocab: \"x y\" is neither in the byte alphabet nor an added token");
  says(changed("/model/merges", "a b"), "f: model.merges got \"a b\", want an array of pairs");
  says(changed("/model/merges/1", 3),
       "f: model.merges[1] got 3, want \"left right\" or [\"left\", \"right\"]");
  says(changed("/model/merges/1", {"a"}),
       "f: model.merges[1] got [\"a\"], want \"left right\" or [\"left\", \"right\"]");
  says(changed("/model/merges/1", "ab"),
       "f: model.merges[1] got \"ab\", want two tokens with a space between them");
  says(changed("/model/merges/1", "a b c"),
       "f: model.merges[1] got \"a b c\", want two tokens with a space between them");
  says(changed("/model/merges/1", "a c"),
       "f: model.merges[1]: \"c\" is no token of f: model.vocab");
  says(changed("/model/merges/1", "a b"), "f: merge 2 makes \"ab\", which is no token");
  says(changed("/model/merges/1", "Ġ a"), "f: merges 1 and 2 are the same");
}

TEST_CASE("tokenizer.json: added tokens that make no sense are named") {
  says(changed("/added_tokens", 1), "f: added_tokens got 1, want an array");
  says(changed("/added_tokens/0", 1), "f: added_tokens[0] got 1, want an object");
  says(without("/added_tokens/0/content"), "f: added_tokens[0]: there is no content");
  says(changed("/added_tokens/0/content", 1), "f: added_tokens[0].content got 1, want a string");
  says(changed("/added_tokens/0/content", ""), "f: added_tokens[0]: the token is empty");
  says(changed("/added_tokens/0/content", "é"),
       "f: added_tokens[0]: \"é\" is the name of other bytes in the byte alphabet");
  says(changed("/added_tokens/1/content", "<end>"), "f: added_tokens[1]: \"<end>\" is there twice");
  says(without("/added_tokens/0/id"), "f: added_tokens[0]: id got -1, want an id, 0 or above");
  says(changed("/added_tokens/0/id", 4294967296),
       "f: added_tokens[0]: id got 4294967296, want an id, 0 or above");
  says(changed("/added_tokens/0/id", 2),
       "f: added_tokens[0]: \"<end>\" has id 2, but 5 in f: model.vocab");
  says(changed("/added_tokens/0/id", "5"), "f: added_tokens[0].id got \"5\", want an integer");
  says(changed("/added_tokens/1/id", 7),
       "f: model.vocab: \"  \" has id 7, want ids below 7, the number of tokens");
  says(changed("/added_tokens/0/lstrip", true), "f: added_tokens[0].lstrip got true, want false");
  says(changed("/added_tokens/0/special", 1),
       "f: added_tokens[0].special got 1, want true or false");
  says(changed("/added_tokens/0/colour", 1), "f: unknown key added_tokens[0].colour");
}

}  // namespace carousel
