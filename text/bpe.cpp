#include "text/bpe.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "core/error.h"

namespace carousel {

namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Bpe::Bpe(const std::array<std::int32_t, 256>& bytes, std::vector<Merge> merges,
         std::string_view origin)
    : bytes_(bytes), merges_(std::move(merges)) {
  ranks_.reserve(merges_.size());
  for (std::uint32_t rank = 0; rank < merges_.size(); ++rank) {
    const auto [other, is_new] =
        ranks_.emplace(pair_key(merges_[rank].left, merges_[rank].right), rank);
    CAROUSEL_CHECK(is_new, "{}: merges {} and {} are the same", origin, other->second + 1,
                   rank + 1);
  }
}

bool Bpe::knows(std::string_view piece) const {
  return std::all_of(piece.begin(), piece.end(),
                     [&](char byte) { return bytes_[static_cast<unsigned char>(byte)] >= 0; });
}

std::int32_t Bpe::token_of(char byte) const {
  const std::int32_t token = bytes_[static_cast<unsigned char>(byte)];
  CAROUSEL_CHECK(token >= 0, "tokenizer: there is no token for the byte 0x{:02X}",
                 static_cast<unsigned char>(byte));
  return token;
}

void Bpe::encode(std::string_view piece, Workspace& w, std::vector<std::int32_t>& out) const {
  CAROUSEL_CHECK(piece.size() < none, "tokenizer: a piece of {} bytes without a gap is too long",
                 piece.size());
  const auto size = static_cast<std::uint32_t>(piece.size());
  w.ids.resize(size);
  w.before.resize(size);
  w.next.resize(size);
  w.queue.clear();
  for (std::uint32_t i = 0; i < size; ++i) {
    w.ids[i] = token_of(piece[i]);
    w.before[i] = i == 0 ? none : i - 1;
    w.next[i] = i + 1 == size ? none : i + 1;
  }
  for (std::uint32_t i = 0; i + 1 < size; ++i) push(w, i);
  merge_all(w);
  for (std::uint32_t i = 0; i < size; i = std::min(w.next[i], size)) out.push_back(w.ids[i]);
}

// Queues the pair whose left token is there, if it is one that merges.
void Bpe::push(Workspace& w, std::uint32_t left) const {
  const auto found = ranks_.find(pair_key(w.ids[left], w.ids[w.next[left]]));
  if (found == ranks_.end()) return;
  w.queue.push_back(std::uint64_t{found->second} << 32 | left);
  std::push_heap(w.queue.begin(), w.queue.end(), std::greater<>());
}

// The lowest rank first and, of equals, the leftmost.
void Bpe::merge_all(Workspace& w) const {
  while (!w.queue.empty()) {
    std::pop_heap(w.queue.begin(), w.queue.end(), std::greater<>());
    const auto [left, right, result] = merges_[w.queue.back() >> 32];
    const auto at = static_cast<std::uint32_t>(w.queue.back());
    w.queue.pop_back();
    // Another merge may have taken one of the two since.
    const std::uint32_t next = w.next[at];
    if (w.ids[at] != left || next == none || w.ids[next] != right) continue;
    w.ids[at] = result;
    w.ids[next] = -1;
    w.next[at] = w.next[next];
    if (w.next[at] != none) {
      w.before[w.next[at]] = at;
      push(w, at);
    }
    if (w.before[at] != none) push(w, w.before[at]);
  }
}

}  // namespace carousel
