#include "data/token_view.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/error.h"

namespace carousel {

static_assert(std::endian::native == std::endian::little, "ids are read as they lie in the file");

namespace {

// Copies ids and returns the largest.
template <class Id>
std::uint32_t widen(const std::byte* from, std::span<std::int32_t> out) {
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    Id id;
    std::memcpy(&id, from + i * sizeof(Id), sizeof(Id));
    out[i] = static_cast<std::int32_t>(id);
    largest = std::max(largest, std::uint32_t{id});
  }
  return largest;
}

std::uint32_t widen(TokenWidth width, const std::byte* from, std::span<std::int32_t> out) {
  switch (width) {
    case TokenWidth::one:
      return widen<std::uint8_t>(from, out);
    case TokenWidth::two:
      return widen<std::uint16_t>(from, out);
    case TokenWidth::four:
      break;
  }
  return widen<std::uint32_t>(from, out);
}

}  // namespace

TokenWidth width_for(std::int64_t vocab_size) {
  return vocab_size <= 0x10000 ? TokenWidth::two : TokenWidth::four;
}

TokenView::TokenView(std::string name, std::span<const std::byte> bytes, TokenWidth width,
                     std::int64_t header)
    : name_(std::move(name)),
      ids_(bytes.subspan(static_cast<std::size_t>(header))),
      width_(width),
      header_(header),
      size_(std::ssize(ids_) / static_cast<std::int64_t>(width)) {
  CAROUSEL_CHECK(std::ssize(ids_) % static_cast<std::int64_t>(width) == 0,
                 "{}: there are {} bytes of token ids, want a multiple of {}", name_, ids_.size(),
                 static_cast<int>(width));
}

void TokenView::read(std::int64_t begin, std::span<std::int32_t> out,
                     std::int64_t vocab_size) const {
  const auto bytes = static_cast<std::int64_t>(width_);
  CAROUSEL_CHECK(begin >= 0 && begin <= size_ && std::ssize(out) <= size_ - begin,
                 "{}: got tokens {} to {}, want some of {}", name_, begin, begin + std::ssize(out),
                 size_);
  const std::int64_t largest = widen(width_, ids_.data() + begin * bytes, out);
  if (largest < vocab_size) return;
  const auto wrong = std::ranges::find_if(out, [&](std::int32_t id) {
    return static_cast<std::uint32_t>(id) >= static_cast<std::uint64_t>(vocab_size);
  });
  fail("{}: token {} at byte {} is outside the vocabulary of {}", name_,
       static_cast<std::uint32_t>(*wrong), header_ + (begin + (wrong - out.begin())) * bytes,
       vocab_size);
}

}  // namespace carousel
