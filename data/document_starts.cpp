#include "data/document_starts.h"

#include <algorithm>

#include "core/error.h"

namespace carousel {

namespace {

constexpr std::int64_t number_bytes = 4;
constexpr std::int64_t per_block = 256;

}  // namespace

DocumentStarts::DocumentStarts(std::string_view name, ByteSource numbers, std::int64_t tokens)
    : numbers_(std::move(numbers)), count_(numbers_.size() / number_bytes) {
  CAROUSEL_CHECK(count_ > 0 && numbers_.size() % number_bytes == 0,
                 "{}: there are {} bytes of document starts, want a multiple of {}", name,
                 numbers_.size(), number_bytes);
  std::int64_t before = -1;
  for (std::int64_t block = 0; block * per_block < count_; ++block) {
    load(block);
    firsts_.push_back(starts_.front());
    for (std::int64_t i = 0; i < std::ssize(starts_); ++i) {
      const std::int64_t start = starts_[static_cast<std::size_t>(i)];
      const std::int64_t number = block * per_block + i + 1;
      CAROUSEL_CHECK(number > 1 || start == 0, "{}: document 1 starts at token {}, want 0", name,
                     start);
      CAROUSEL_CHECK(before < start,
                     "{}: document {} starts at token {}, and the one before it at {}", name,
                     number, start, before);
      CAROUSEL_CHECK(start < tokens, "{}: document {} starts at token {}, but there are {}", name,
                     number, start, tokens);
      before = start;
    }
  }
}

DocumentStarts DocumentStarts::one_document() {
  return DocumentStarts("", ByteSource::memory(std::vector<std::uint32_t>{0}), 1);
}

std::optional<std::int64_t> DocumentStarts::after(std::int64_t token) const {
  const auto next_block = std::ranges::upper_bound(firsts_, token);
  if (next_block == firsts_.begin()) return firsts_.front();
  const std::int64_t block = next_block - firsts_.begin() - 1;
  if (block != loaded_) load(block);
  const auto next = std::ranges::upper_bound(starts_, token);
  if (next != starts_.end()) return *next;
  return next_block == firsts_.end() ? std::nullopt : std::optional<std::int64_t>(*next_block);
}

void DocumentStarts::load(std::int64_t block) const {
  const std::int64_t begin = block * per_block;
  loaded_ = -1;  // until they are there
  starts_.resize(static_cast<std::size_t>(std::min(per_block, count_ - begin)));
  numbers_.read(begin * number_bytes, std::as_writable_bytes(std::span(starts_)));
  loaded_ = block;
}

}  // namespace carousel
