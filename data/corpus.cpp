#include "data/corpus.h"

#include <cmath>

#include "core/checksum.h"
#include "core/error.h"

namespace carousel {

void Corpus::add(TokenView tokens, std::optional<DocumentStarts> starts) {
  has_documents_ = has_documents_ && starts.has_value();
  const std::int64_t begin = size(), end = begin + tokens.size();
  pieces_.push_back({std::move(tokens), std::move(starts), begin, end});
}

std::string Corpus::count(std::int64_t n) const {
  return fmt::format("{} {}{}", n, unit(), n == 1 ? "" : "s");
}

const Corpus::Piece& Corpus::piece_at(std::int64_t position) const {
  return *std::upper_bound(pieces_.begin(), pieces_.end(), position,
                           [](std::int64_t at, const Piece& piece) { return at < piece.end; });
}

void Corpus::read(std::int64_t begin, std::span<std::int32_t> out) const {
  CAROUSEL_CHECK(begin >= 0 && begin <= size() && std::ssize(out) <= size() - begin,
                 "data: got tokens {} to {}, want some of {}", begin, begin + std::ssize(out),
                 size());
  while (!out.empty()) {
    const Piece& piece = piece_at(begin);
    const std::int64_t count = std::min(std::ssize(out), piece.end - begin);
    const auto front = static_cast<std::size_t>(count);
    piece.tokens.read(begin - piece.begin, out.first(front), vocab_size_);
    out = out.subspan(front);
    begin += count;
  }
}

std::int64_t Corpus::next_document(std::int64_t position) const {
  if (position < 0) return 0;
  if (position >= size() || !has_documents_) return size();
  const Piece& piece = piece_at(position);
  const auto next = piece.starts->after(position - piece.begin);
  return next ? piece.begin + *next : piece.end;
}

void Corpus::scan(const std::function<void(std::span<const std::int32_t>)>& visit) const {
  std::vector<std::int32_t> ids(std::size_t{1} << 16);
  for (std::int64_t begin = 0; begin < size(); begin += std::ssize(ids)) {
    ids.resize(static_cast<std::size_t>(std::min(std::ssize(ids), size() - begin)));
    read(begin, ids);
    visit(ids);
  }
}

void Corpus::check_vocabulary(std::int64_t vocab_size) {
  if (vocab_size >= vocab_size_) return;
  vocab_size_ = vocab_size;
  const bool needs_look = std::ranges::any_of(
      pieces_, [&](const Piece& piece) { return piece.tokens.possible_ids() > vocab_size; });
  if (needs_look) read_all();
}

void Corpus::read_all() const {
  scan([](std::span<const std::int32_t>) {});
}

std::string Corpus::checksum() const {
  if (!checksum_.empty()) return checksum_;
  Checksum checksum;
  scan([&](std::span<const std::int32_t> ids) { checksum.add(std::as_bytes(ids)); });
  return checksum.text();
}

Split split(const Corpus& corpus, double val_fraction, Cut cut) {
  const std::int64_t size = corpus.size();
  auto place = size - static_cast<std::int64_t>(val_fraction * static_cast<double>(size));
  if (cut == Cut::between_documents) place = corpus.next_document(place - 1);
  return {{&corpus, 0, place}, {&corpus, place, size}};
}

}  // namespace carousel
