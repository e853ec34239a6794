#include "text/added_tokens.h"

#include <algorithm>

namespace carousel {

namespace {

std::size_t byte_at(std::string_view text, std::size_t place) {
  return static_cast<unsigned char>(text[place]);
}

}  // namespace

AddedTokens::AddedTokens(const ByText& tokens) : tokens_(tokens.begin(), tokens.end()) {
  for (const auto& [text, token] : tokens_) ++begin_of_[byte_at(text, 0) + 1];
  for (std::size_t byte = 0; byte < 256; ++byte) begin_of_[byte + 1] += begin_of_[byte];
}

// Byte by byte, fewer and fewer texts agree; the shortest of those that do stands before the
// others.
const AddedTokens::Entry* AddedTokens::longest_at_front(std::string_view text) const {
  const auto place = [&](std::size_t byte) {
    return tokens_.begin() + static_cast<std::ptrdiff_t>(begin_of_[byte]);
  };
  auto first = place(byte_at(text, 0)), last = place(byte_at(text, 0) + 1);
  const Entry* longest = nullptr;
  for (std::size_t size = 1; first != last; ++size) {
    if (first->first.size() == size) longest = &*first++;
    if (size == text.size()) break;
    const auto byte = [&](const Entry& entry) { return byte_at(entry.first, size); };
    first = std::ranges::lower_bound(first, last, byte_at(text, size), {}, byte);
    last = std::ranges::upper_bound(first, last, byte_at(text, size), {}, byte);
  }
  return longest;
}

void AddedTokens::split(std::string_view text, Specials specials,
                        const std::function<void(std::string_view)>& on_text,
                        const std::function<void(std::int32_t)>& on_token) const {
  std::size_t done = 0;
  const auto text_until = [&](std::size_t end) {
    if (end > done) on_text(text.substr(done, end - done));
  };
  for (std::size_t at = 0; at < text.size() && !tokens_.empty();) {
    const Entry* const found = longest_at_front(text.substr(at));
    const std::size_t end = at + (found == nullptr ? 1 : found->first.size());
    if (found != nullptr && (!found->second.special || specials == Specials::recognised)) {
      text_until(at);
      on_token(found->second.id);
      done = end;
    }
    at = end;
  }
  text_until(text.size());
}

}  // namespace carousel
