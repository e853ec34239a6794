#include "text/added_tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace carousel {

namespace {

// An expression that matches the text and nothing else.
std::string escape(std::string_view text) {
  std::string expression;
  for (const char c : text) expression += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
  return expression;
}

}  // namespace

AddedTokens::AddedTokens(ByText tokens, std::string_view origin) : tokens_(std::move(tokens)) {
  if (tokens_.empty()) return;
  std::vector<std::string_view> texts;
  for (const auto& [text, token] : tokens_) texts.push_back(text);
  std::stable_sort(texts.begin(), texts.end(), [](std::string_view a, std::string_view b) {
    return a.size() > b.size();  // the first alternative that matches is taken
  });
  std::string expression;
  for (const auto text : texts) {
    if (!expression.empty()) expression += '|';
    expression += escape(text);
  }
  pattern_.emplace(expression, Pattern::Subject::bytes, fmt::format("{}: added tokens", origin));
}

void AddedTokens::split(std::string_view text, Specials specials,
                        const std::function<void(std::string_view)>& on_text,
                        const std::function<void(std::int32_t)>& on_token) const {
  std::size_t done = 0;
  const auto text_until = [&](std::size_t end) {
    if (end > done) on_text(text.substr(done, end - done));
  };
  if (pattern_) {
    Pattern::Search search(*pattern_, text);
    while (const auto match = search.next()) {
      const AddedToken& token =
          tokens_.find(text.substr(match->begin, match->end - match->begin))->second;
      if (token.special && specials == Specials::plain_text) continue;
      text_until(match->begin);
      on_token(token.id);
      done = match->end;
    }
  }
  text_until(text.size());
}

}  // namespace carousel
