#include "text/vocabulary_builder.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/error.h"
#include "core/json_object.h"
#include "text/byte_alphabet.h"

namespace carousel {

using nlohmann::json;

VocabularyBuilder::VocabularyBuilder(const json& names, const std::string& place) : place_(place) {
  CAROUSEL_CHECK(names.is_object(), "{} got {}, want an object of ids by token", place,
                 show(names));
  for (const auto& [name, value] : names.items()) {
    const auto id = as_integer(value);
    CAROUSEL_CHECK(id && *id >= 0 && *id < std::numeric_limits<std::int32_t>::max(),
                   "{}: {} got {}, want an id, 0 or above", place, show(name), show(value));
    ids_.emplace(name, static_cast<std::int32_t>(*id));
  }
}

void VocabularyBuilder::add_merge(std::string_view pair, const std::string& place) {
  const auto space = pair.find(' ');
  CAROUSEL_CHECK(space != pair.npos && pair.find(' ', space + 1) == pair.npos,
                 "{} got {}, want two tokens with a space between them", place, show(pair));
  add_merge(pair.substr(0, space), pair.substr(space + 1), place);
}

void VocabularyBuilder::add_merge(std::string_view left, std::string_view right,
                                  const std::string& place) {
  const auto id = [&](std::string_view name) {
    const auto found = ids_.find(std::string(name));
    CAROUSEL_CHECK(found != ids_.end(), "{}: {} is no token of {}", place, show(name), place_);
    return found->second;
  };
  vocabulary_.merges.emplace_back(id(left), id(right));
}

void VocabularyBuilder::add_token(const std::string& text, const AddedToken& token,
                                  const std::string& place) {
  CAROUSEL_CHECK(!text.empty(), "{}: the token is empty", place);
  // As a name, such a text would be other bytes.
  CAROUSEL_CHECK(from_byte_alphabet(text).value_or(text) == text,
                 "{}: {} is the name of other bytes in the byte alphabet", place, show(text));
  CAROUSEL_CHECK(added_.emplace(text, token).second, "{}: {} is there twice", place, show(text));
  const auto [known, is_new] = ids_.emplace(text, token.id);
  CAROUSEL_CHECK(known->second == token.id, "{}: {} has id {}, but {} in {}", place, show(text),
                 token.id, known->second, place_);
  vocabulary_.added.push_back(token);
}

void VocabularyBuilder::add_others() {
  std::unordered_map<std::int32_t, std::string_view> names;
  for (const auto& [name, id] : ids_) names.emplace(id, name);
  std::unordered_set<std::string> made;
  for (const auto& [left, right] : vocabulary_.merges) {
    made.insert(std::string(names.at(left)).append(names.at(right)));
  }
  for (const auto& [name, id] : ids_) {
    const auto bytes = from_byte_alphabet(name);
    const bool is_byte = bytes && bytes->size() == 1;
    if (!is_byte && !made.contains(name)) add_token(name, {.id = id}, place_);
  }
  std::ranges::sort(vocabulary_.added, {}, &AddedToken::id);
}

Vocabulary VocabularyBuilder::finish(bool nfc) && {
  vocabulary_.nfc = nfc;
  vocabulary_.tokens.resize(ids_.size());
  for (const auto& [name, id] : ids_) {
    CAROUSEL_CHECK(static_cast<std::size_t>(id) < ids_.size(),
                   "{}: {} has id {}, want ids below {}, the number of tokens", place_, show(name),
                   id, ids_.size());
    const auto bytes = added_.contains(name) ? name : from_byte_alphabet(name);
    CAROUSEL_CHECK(bytes && !bytes->empty(),
                   "{}: {} is neither in the byte alphabet nor an added token", place_, show(name));
    std::string& token = vocabulary_.tokens[static_cast<std::size_t>(id)];
    CAROUSEL_CHECK(token.empty(), "{}: two tokens have id {}", place_, id);
    token = *bytes;
  }
  return std::move(vocabulary_);
}

}  // namespace carousel
