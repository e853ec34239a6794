#include "text/tokenizer.h"

#include <tsl/robin_map.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/normalization.h"
#include "text/words.h"

namespace carousel {

namespace {

using Ids = std::vector<std::int32_t>;
using IdOfBytes = tsl::robin_map<std::string_view, std::int32_t>;

const std::string& at(const Vocabulary& vocabulary, std::int32_t id) {
  return vocabulary.tokens.at(static_cast<std::size_t>(id));
}

// Every token by its bytes. An added one may have those of another: that one then has the name.
IdOfBytes ids_of(const Vocabulary& vocabulary, std::string_view origin) {
  const std::size_t size = vocabulary.tokens.size();
  CAROUSEL_CHECK(size > 0 && size < 0x7FFFFFFF, "{}: there are {} tokens, want 1 to 2147483646",
                 origin, size);
  std::vector<bool> added(size);
  for (const auto& token : vocabulary.added) added.at(static_cast<std::size_t>(token.id)) = true;
  IdOfBytes ids;
  for (const bool pass : {false, true}) {
    for (std::size_t id = 0; id < size; ++id) {
      CAROUSEL_CHECK(!vocabulary.tokens[id].empty(), "{}: token {} is empty", origin, id);
      if (added[id] != pass) continue;
      const auto [other, is_new] =
          ids.emplace(vocabulary.tokens[id], static_cast<std::int32_t>(id));
      CAROUSEL_CHECK(is_new || pass, "{}: tokens {} and {} are the same", origin, other->second,
                     id);
    }
  }
  return ids;
}

Bpe bpe_of(const Vocabulary& vocabulary, const IdOfBytes& ids, std::string_view origin) {
  std::array<std::int32_t, 256> bytes{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const char character = static_cast<char>(byte);
    const auto found = ids.find(std::string_view(&character, 1));
    bytes[byte] = found == ids.end() ? -1 : found->second;
  }
  std::vector<Merge> merges;
  for (const auto& [left, right] : vocabulary.merges) {
    const std::string whole = at(vocabulary, left) + at(vocabulary, right);
    const auto result = ids.find(whole);
    CAROUSEL_CHECK(result != ids.end(), "{}: merge {} makes \"{}\", which is no token", origin,
                   merges.size() + 1, to_byte_alphabet(whole));
    merges.push_back({left, right, result->second});
  }
  return Bpe(bytes, std::move(merges), origin);
}

// The added tokens that are looked for in the text as it is, or once it is normalised.
AddedTokens added_of(const Vocabulary& vocabulary, bool normalized, std::string_view origin) {
  AddedTokens::ByText by_text;
  for (const auto& token : vocabulary.added) {
    if (token.normalized != normalized) continue;
    const std::string& text = at(vocabulary, token.id);
    const bool is_new =
        by_text.emplace(normalized && vocabulary.nfc ? nfc(text) : text, token).second;
    CAROUSEL_CHECK(is_new, "{}: added token {} has the text of another", origin, token.id);
  }
  return AddedTokens(by_text);
}

}  // namespace

class Tokenizer::Encoder {
 public:
  Encoder(Vocabulary given, std::string_view origin)
      : vocabulary_(std::move(given)),
        whole_(ids_of(vocabulary_, origin)),
        bpe_(bpe_of(vocabulary_, whole_, origin)),
        raw_(added_of(vocabulary_, false, origin)),
        normalized_(added_of(vocabulary_, true, origin)) {
    keep_those_that_merge();
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }

  Ids encode(std::string_view text, Specials specials) const {
    Ids ids;
    ids.reserve(text.size() / 3);
    Bpe::Workspace workspace;
    const auto add_token = [&](std::int32_t id) { ids.push_back(id); };
    const auto add_text = [&](std::string_view stretch) { add(stretch, workspace, ids); };
    const auto add_raw = [&](std::string_view stretch) {
      if (vocabulary_.nfc) {
        normalized_.split(nfc(stretch), specials, add_text, add_token);
      } else {
        normalized_.split(stretch, specials, add_text, add_token);
      }
    };
    raw_.split(text, specials, add_raw, add_token);
    return ids;
  }

 private:
  // Text in which there are no added tokens.
  void add(std::string_view text, Bpe::Workspace& workspace, Ids& ids) const {
    if (bpe_.merges().empty()) {  // nothing depends on where words end
      for (const char byte : text) ids.push_back(bpe_.token_of(byte));
      return;
    }
    split_words(text, [&](std::string_view word) {
      const auto found = whole_.find(word);
      if (found != whole_.end()) {
        ids.push_back(found->second);
      } else {
        bpe_.encode(word, workspace, ids);
      }
    });
  }

  // Most words are one token, and are found at once; but only tokens that merging their bytes leads
  // to may be found that way.
  void keep_those_that_merge() {
    Bpe::Workspace workspace;
    Ids ids;
    for (auto entry = whole_.begin(); entry != whole_.end();) {
      ids.clear();
      if (bpe_.knows(entry->first)) bpe_.encode(entry->first, workspace, ids);
      entry = ids == Ids{entry->second} ? std::next(entry) : whole_.erase(entry);
    }
  }

  Vocabulary vocabulary_;
  IdOfBytes whole_;
  Bpe bpe_;
  AddedTokens raw_, normalized_;
};

Tokenizer::Tokenizer(Vocabulary vocabulary, std::string_view origin)
    : encoder_(std::make_shared<const Encoder>(std::move(vocabulary), origin)) {}

Tokenizer Tokenizer::bytes() {
  Vocabulary vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    vocabulary.tokens.emplace_back(1, static_cast<char>(byte));
  }
  return Tokenizer(std::move(vocabulary), "the byte tokenizer");
}

Ids Tokenizer::encode(std::string_view text, Specials specials) const {
  return encoder_->encode(text, specials);
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
  std::string text;
  for (const std::int32_t id : ids) text += token(id);
  return text;
}

const std::string& Tokenizer::token(std::int32_t id) const {
  CAROUSEL_CHECK(id >= 0 && id < vocab_size(), "tokenizer: got token {}, want 0 to {}", id,
                 vocab_size() - 1);
  return at(vocabulary(), id);
}

std::int64_t Tokenizer::vocab_size() const { return std::ssize(vocabulary().tokens); }

const Vocabulary& Tokenizer::vocabulary() const { return encoder_->vocabulary(); }

bool Tokenizer::is_bytes() const {
  const auto& [tokens, merges, added, nfc] = vocabulary();
  bool same = tokens.size() == 256 && merges.empty() && added.empty() && !nfc;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    same = same && tokens[id] == std::string(1, static_cast<char>(id));
  }
  return same;
}

}  // namespace carousel
