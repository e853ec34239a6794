#include "text/added_tokens.h"

#include <algorithm>

namespace carousel {

namespace {

std::size_t byte_at(std::string_view text, std::size_t place) {
  return static_cast<unsigned char>(text[place]);
}

}  // namespace

AddedTokens::AddedTokens(const ByText& tokens) : tokens_(tokens.begin(), tokens.end()) {
  for (const auto& [text, token] : tokens_) {
    if (!first_bytes_.ends_with(text.front())) first_bytes_ += text.front();
    ++begin_of_[byte_at(text, 0) + 1];
  }
  for (std::size_t byte = 0; byte < 256; ++byte) begin_of_[byte + 1] += begin_of_[byte];
}

std::size_t AddedTokens::next_place(std::string_view text, std::size_t at) const {
  if (first_bytes_.empty()) return text.size();
  // Most often they are all "<": the C library has a fast search for one byte.
  if (first_bytes_.size() == 1) return std::min(text.find(first_bytes_.front(), at), text.size());
  const auto begins = [&](std::size_t byte) { return begin_of_[byte] < begin_of_[byte + 1]; };
  while (at < text.size() && !begins(byte_at(text, at))) ++at;
  return at;
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
  for (std::size_t at = next_place(text, 0); at < text.size();) {
    const Entry* const found = longest_at_front(text.substr(at));
    const std::size_t end = at + (found == nullptr ? 1 : found->first.size());
    if (found != nullptr && (!found->second.special || specials == Specials::recognised)) {
      text_until(at);
      on_token(found->second.id);
      done = end;
    }
    at = next_place(text, end);
  }
  text_until(text.size());
}

}  // namespace carousel
