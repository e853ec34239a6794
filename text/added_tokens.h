// AddedTokens: finds the tokens that stand for their text wherever it occurs.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "text/pattern.h"
#include "text/tokenizer.h"

namespace carousel {

class AddedTokens {
 public:
  using ByText = std::map<std::string, AddedToken, std::less<>>;

  // No text may be empty. Throws Error, which starts with the origin, when they are too long
  // together: some ten thousand bytes.
  AddedTokens(ByText tokens, std::string_view origin);

  // Calls on_text for each stretch between tokens, without the empty ones, and on_token for each
  // token, in order. Of those that start at the same place the longest counts. Special ones that
  // are plain text belong to a stretch.
  void split(std::string_view text, Specials specials,
             const std::function<void(std::string_view)>& on_text,
             const std::function<void(std::int32_t)>& on_token) const;

 private:
  ByText tokens_;
  std::optional<Pattern> pattern_;
};

}  // namespace carousel
