// AddedTokens: finds the tokens that stand for their text wherever it occurs.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/tokenizer.h"

namespace carousel {

class AddedTokens {
 public:
  using ByText = std::map<std::string, AddedToken, std::less<>>;

  // Any number of them. No text may be empty.
  explicit AddedTokens(const ByText& tokens);

  // Calls on_text for each stretch between tokens, without the empty ones, and on_token for each
  // token, in order. Of those that start at the same place the longest counts. Special ones that
  // are plain text belong to a stretch.
  void split(std::string_view text, Specials specials,
             const std::function<void(std::string_view)>& on_text,
             const std::function<void(std::int32_t)>& on_token) const;

 private:
  using Entry = std::pair<std::string, AddedToken>;

  // The next place from `at` on with a byte that some text begins with, or the end.
  std::size_t next_place(std::string_view text, std::size_t at) const;
  // Null where there is none.
  const Entry* longest_at_front(std::string_view text) const;

  std::vector<Entry> tokens_;                // by their texts
  std::array<std::size_t, 257> begin_of_{};  // where in it the texts with that first byte begin
  std::string first_bytes_;                  // of all texts, each once
};

}  // namespace carousel
