#include "text/tokenizer_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/json_object.h"
#include "text/byte_alphabet.h"
#include "text/vocabulary_builder.h"

namespace carousel {

namespace {

using nlohmann::json;

const json& required(JsonObject& object, const char* key, std::string_view origin) {
  const json* const found = object.find(key);
  CAROUSEL_CHECK(found != nullptr, "{}: there is no {}", origin, key);
  return *found;
}

std::string required_string(JsonObject& object, const char* key, const std::string& place) {
  const json& value = required(object, key, place);
  if (!value.is_string()) object.reject(key, value, "a string");
  return value.get<std::string>();
}

void expect_type(JsonObject& object, const json& type) {
  const json* const found = object.find("type");
  if (found == nullptr || *found != type) {
    object.reject("type", found == nullptr ? json() : *found, show(type));
  }
}

// Whether the text is normalised, to form C.
bool read_normalizer(JsonObject& file) {
  auto normalizer = file.object("normalizer");
  if (!normalizer) return false;
  expect_type(*normalizer, "NFC");
  normalizer->finish();
  return true;
}

void check_split(JsonObject& file, std::string_view origin) {
  auto split = file.object("pre_tokenizer");
  CAROUSEL_CHECK(split, "{}: pre_tokenizer got null, want one of type ByteLevel", origin);
  expect_type(*split, "ByteLevel");
  split->expect("add_prefix_space", false);
  split->expect("use_regex", true);
  split->ignore({"trim_offsets"});  // of places in the text, which nobody asks for
  split->finish();
}

void read_merges(const json& merges, const std::string& place, VocabularyBuilder& builder) {
  CAROUSEL_CHECK(merges.is_array(), "{} got {}, want an array of pairs", place, show(merges));
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const json& merge = merges[i];
    const std::string here = fmt::format("{}[{}]", place, i);
    if (merge.is_string()) {
      builder.add_merge(merge.get_ref<const std::string&>(), here);
    } else {
      CAROUSEL_CHECK(
          merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string(),
          "{} got {}, want \"left right\" or [\"left\", \"right\"]", here, show(merge));
      builder.add_merge(merge[0].get_ref<const std::string&>(),
                        merge[1].get_ref<const std::string&>(), here);
    }
  }
}

VocabularyBuilder read_model(JsonObject& file, std::string_view origin) {
  auto model = file.object("model");
  CAROUSEL_CHECK(model, "{}: there is no model", origin);
  expect_type(*model, "BPE");
  model->expect("dropout", nullptr);
  for (const char* const affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json* const found = model->find(affix);
    if (found && !found->is_null() && *found != "") model->reject(affix, *found, "null or \"\"");
  }
  for (const char* const flag : {"byte_fallback", "ignore_merges"}) model->expect(flag, false);
  // Bytes are never unknown.
  model->ignore({"unk_token", "fuse_unk"});
  const std::string place = fmt::format("{}: model", origin);
  VocabularyBuilder builder(required(*model, "vocab", place), place + ".vocab");
  read_merges(required(*model, "merges", place), place + ".merges", builder);
  model->finish();
  return builder;
}

void read_added_token(const json& value, std::string_view origin, const std::string& path,
                      VocabularyBuilder& builder) {
  JsonObject object(value, origin, path);
  const std::string place = fmt::format("{}: {}", origin, path);
  std::int64_t id = -1;
  AddedToken token{.id = 0, .special = false, .normalized = true};
  object.read("id", id);
  CAROUSEL_CHECK(id >= 0 && id < 0x7FFFFFFF, "{}: id got {}, want an id, 0 or above", place, id);
  token.id = static_cast<std::int32_t>(id);
  object.read("special", token.special);
  object.read("normalized", token.normalized);
  for (const char* const flag : {"single_word", "lstrip", "rstrip"}) object.expect(flag, false);
  builder.add_token(required_string(object, "content", place), token, place);
  object.finish();
}

void read_added_tokens(JsonObject& file, std::string_view origin, VocabularyBuilder& builder) {
  const json* const tokens = file.find("added_tokens");
  if (tokens == nullptr) return;
  if (!tokens->is_array()) file.reject("added_tokens", *tokens, "an array");
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    read_added_token((*tokens)[i], origin, fmt::format("added_tokens[{}]", i), builder);
  }
}

std::string in_quotes(const std::string& text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

// Items between brackets, one a line, at that depth.
std::string lines(const std::vector<std::string>& items, int depth, char open, char close) {
  if (items.empty()) return {open, close};
  const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
  std::string text(1, open);
  for (const auto& item : items) {
    text += fmt::format("{}\n  {}{}", text.size() == 1 ? "" : ",", indent, item);
  }
  return fmt::format("{}\n{}{}", text, indent, close);
}

}  // namespace

Vocabulary parse_tokenizer_json(std::string_view text, std::string_view origin) {
  const json root = parse_json(text, origin);
  JsonObject file(root, origin, "");
  for (const char* const key : {"truncation", "padding"}) file.expect(key, nullptr);
  auto decoder = file.object("decoder");
  if (decoder) expect_type(*decoder, "ByteLevel");
  file.ignore({"version", "post_processor"});
  const bool nfc = read_normalizer(file);
  check_split(file, origin);
  VocabularyBuilder builder = read_model(file, origin);
  read_added_tokens(file, origin, builder);
  file.finish();
  return std::move(builder).finish(nfc);
}

std::string to_tokenizer_json(const Vocabulary& vocabulary) {
  std::vector<std::string> added, names, entries, merges;
  for (const auto& token : vocabulary.tokens) names.push_back(to_byte_alphabet(token));
  for (const auto& [id, special, normalized] : vocabulary.added) {
    std::string& name = names.at(static_cast<std::size_t>(id));
    name = vocabulary.tokens.at(static_cast<std::size_t>(id));
    added.push_back(fmt::format(
        R"({{"id": {}, "content": {}, "single_word": false, "lstrip": false, "rstrip": false, )"
        R"("normalized": {}, "special": {}}})",
        id, in_quotes(name), normalized, special));
  }
  for (std::size_t id = 0; id < names.size(); ++id) {
    entries.push_back(fmt::format("{}: {}", in_quotes(names[id]), id));
  }
  for (const auto& [left, right] : vocabulary.merges) {
    merges.push_back(in_quotes(names.at(static_cast<std::size_t>(left)) + " " +
                               names.at(static_cast<std::size_t>(right))));
  }
  const std::string byte_level =
      R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true})";
  return fmt::format(R"({{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": {},
  "normalizer": {},
  "pre_tokenizer": {},
  "post_processor": null,
  "decoder": {},
  "model": {{
    "type": "BPE",
    "dropout": null,
    "unk_token": null,
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "ignore_merges": false,
    "vocab": {},
    "merges": {}
  }}
}}
)",
                     lines(added, 1, '[', ']'), vocabulary.nfc ? R"({"type": "NFC"})" : "null",
                     byte_level, byte_level, lines(entries, 2, '{', '}'),
                     lines(merges, 2, '[', ']'));
}

}  // namespace carousel
