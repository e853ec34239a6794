// VocabularyBuilder: a Vocabulary from tokens that a file calls by name.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

#include "text/vocabulary.h"

namespace carousel {

// Every complaint is about a place, such as "tokenizer.json: model.merges[3]".
class VocabularyBuilder {
 public:
  // names: {"name": id, …}, each a token's bytes in the byte alphabet, or its text if it is added.
  VocabularyBuilder(const nlohmann::json& names, const std::string& place);

  // The next merge, "left right". Both must be tokens.
  void add_merge(std::string_view pair, const std::string& place);
  void add_merge(std::string_view left, std::string_view right, const std::string& place);

  // An added token, which may also be among the names, with the same id.
  void add_token(const std::string& text, const AddedToken& token, const std::string& place);

  // Makes special tokens of those that are neither one byte nor what a merge makes.
  void add_others();

  // Throws Error unless the ids are 0, 1, …, each of one token, and every name makes sense.
  Vocabulary finish(bool nfc) &&;

 private:
  std::string place_;
  std::unordered_map<std::string, std::int32_t> ids_;
  std::unordered_map<std::string, AddedToken> added_;
  Vocabulary vocabulary_;
};

}  // namespace carousel
