#include "data/packing.h"

#include <algorithm>

namespace carousel {

namespace {

constexpr std::int64_t rows_per_mark = 64;

}  // namespace

Packing::Packing(const Tokens& tokens, std::int64_t length) : tokens_(tokens), length_(length) {
  for (Stretch row = next_row(0); row.begin < row.end; row = next_row(row.end)) {
    if (rows_ % rows_per_mark == 0) marks_.push_back(row.begin);
    ++rows_;
    laid_out_ += row.end - row.begin;
  }
}

Stretch Packing::row(std::int64_t index) const {
  Stretch row = next_row(marks_.at(static_cast<std::size_t>(index / rows_per_mark)));
  for (std::int64_t i = 0; i < index % rows_per_mark; ++i) row = next_row(row.end);
  return row;
}

Stretch Packing::next_row(std::int64_t begin) const {
  Stretch row{begin, end_of_row(begin)};
  while (row.begin < row.end && !predicts_something(row)) row = {row.end, end_of_row(row.end)};
  return row;
}

bool Packing::predicts_something(Stretch row) const {
  if (tokens_.corpus->separator()) return true;
  for (std::int64_t at = row.begin, next; at < row.end; at = next) {
    next = tokens_.next_document(at);
    if (next - at >= 2) return true;
  }
  return false;
}

// A document longer than a row begins one, so its cuts are at multiples of the length.
std::int64_t Packing::end_of_row(std::int64_t begin) const {
  std::int64_t end = begin;
  while (end < tokens_.size()) {
    const std::int64_t piece = std::min(tokens_.next_document(end) - end, length_);
    if (piece > begin + length_ - end) break;
    end += piece;
  }
  return end;
}

}  // namespace carousel
