#include "data/token_view.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/error.h"

namespace carousel {

static_assert(std::endian::native == std::endian::little, "ids are read as they lie in the file");

namespace {

// The end of out holds the ids as the file has them. Where number i goes, at most ids 0 … i lie.
// Returns the largest.
template <class Id>
std::uint32_t widen(std::span<std::int32_t> out) {
  const auto* const from =
      reinterpret_cast<const std::byte*>(out.data() + out.size()) - out.size() * sizeof(Id);
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    Id id;
    std::memcpy(&id, from + i * sizeof(Id), sizeof(Id));
    out[i] = static_cast<std::int32_t>(id);
    largest = std::max(largest, std::uint32_t{id});
  }
  return largest;
}

std::uint32_t widen(TokenWidth width, std::span<std::int32_t> out) {
  switch (width) {
    case TokenWidth::one:
      return widen<std::uint8_t>(out);
    case TokenWidth::two:
      return widen<std::uint16_t>(out);
    case TokenWidth::four:
      break;
  }
  return widen<std::uint32_t>(out);
}

}  // namespace

TokenWidth width_for(std::int64_t vocab_size) {
  return vocab_size <= 0x10000 ? TokenWidth::two : TokenWidth::four;
}

TokenView::TokenView(std::string name, ByteSource bytes, TokenWidth width, std::int64_t header)
    : name_(std::move(name)),
      bytes_(std::move(bytes)),
      width_(width),
      header_(header),
      size_((bytes_.size() - header) / static_cast<std::int64_t>(width)) {
  const std::int64_t ids = bytes_.size() - header;
  CAROUSEL_CHECK(ids % static_cast<std::int64_t>(width) == 0,
                 "{}: there are {} bytes of token ids, want a multiple of {}", name_, ids,
                 static_cast<int>(width));
}

void TokenView::read(std::int64_t begin, std::span<std::int32_t> out,
                     std::int64_t vocab_size) const {
  const auto bytes = static_cast<std::int64_t>(width_);
  CAROUSEL_CHECK(begin >= 0 && begin <= size_ && std::ssize(out) <= size_ - begin,
                 "{}: got tokens {} to {}, want some of {}", name_, begin, begin + std::ssize(out),
                 size_);
  const auto stored =
      std::as_writable_bytes(out).last(out.size() * static_cast<std::size_t>(width_));
  bytes_.read(header_ + begin * bytes, stored);
  const std::int64_t largest = widen(width_, out);
  if (largest < vocab_size) return;
  const auto wrong = std::ranges::find_if(out, [&](std::int32_t id) {
    return static_cast<std::uint32_t>(id) >= static_cast<std::uint64_t>(vocab_size);
  });
  fail("{}: token {} at byte {} is outside the vocabulary of {}", name_,
       static_cast<std::uint32_t>(*wrong), header_ + (begin + (wrong - out.begin())) * bytes,
       vocab_size);
}

}  // namespace carousel
