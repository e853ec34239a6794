#include "data/batches.h"

#include <algorithm>

#include "core/error.h"
#include "data/permutation.h"
#include "data/row_reader.h"

namespace carousel {

Documents documents_in(Order order) {
  const bool apart = order == Order::packed || order == Order::streams;
  return apart ? Documents::apart : Documents::joined;
}

std::int64_t Batch::predicted() const {
  return std::ranges::count_if(targets.values(), [](std::int32_t target) { return target >= 0; });
}

Batches::Batches(const Tokens& tokens, Order order, const BatchShape& shape, std::uint64_t seed)
    : tokens_(tokens),
      order_(order),
      shape_(shape),
      windows_((tokens.size() - 1) / shape.length),
      random_(Random{seed}.named("data order")) {
  check();
  if (order == Order::packed) packing_.emplace(tokens, shape.length);
}

void Batches::check() const {
  const Corpus& corpus = *tokens_.corpus;
  if (order_ == Order::packed) {
    CAROUSEL_CHECK(corpus.has_documents(),
                   "data: --order packed wants to know where documents begin, and token files do "
                   "not say; carousel prepare makes data that does");
  } else {
    CAROUSEL_CHECK(tokens_.size() > shape_.length,
                   "data: there are {} to train on, want at least {}, one more than the context",
                   tokens_.count(), shape_.length + 1);
  }
  CAROUSEL_CHECK(order_ != Order::streams || windows_ >= rows_per_step(),
                 "data: there are {} to train on, want at least {} for {} streams of {} or more",
                 tokens_.count(), rows_per_step() * shape_.length + 1, rows_per_step(),
                 shape_.length);
  CAROUSEL_CHECK(predicts_something(),
                 "data: there are {} to train on, and no document has two of them, so there is "
                 "nothing to predict",
                 tokens_.count());
}

bool Batches::predicts_something() const {
  if (documents_in(order_) == Documents::joined) return true;
  if (tokens_.corpus->separator()) return tokens_.size() > 0;
  for (std::int64_t begin = 0; begin < tokens_.size();) {
    const std::int64_t end = tokens_.next_document(begin);
    if (end - begin >= 2) return true;
    begin = end;
  }
  return false;
}

std::vector<Batch> Batches::operator()(std::int64_t step) const {
  std::vector<Batch> batches;
  for (std::int64_t i = 0; i < shape_.per_step; ++i) {
    RowReader reader(tokens_, documents_in(order_), shape_.rows, shape_.length);
    for (std::int64_t r = 0; r < shape_.rows; ++r) {
      const Row next = row((step * shape_.per_step + i) * shape_.rows + r);
      reader.add(next.stretch, next.fresh);
    }
    batches.push_back(reader.finish());
  }
  return batches;
}

Batches::Row Batches::row(std::int64_t index) const {
  switch (order_) {
    case Order::shuffled:
      return {window(shuffle(index, windows_)), true};
    case Order::packed:
      return {packing_->row(shuffle(index, packing_->rows())), true};
    case Order::streams:
      return stream_row(index);
    case Order::sequential:
      break;
  }
  return {window(index % windows_), true};
}

Batches::Row Batches::stream_row(std::int64_t index) const {
  const std::int64_t R = rows_per_step(), length = windows_ / R;
  const std::int64_t step = index / R, stream = index % R;
  const std::int64_t epoch = step / length, place = step % length;
  const std::int64_t at = ((epoch * R + stream) * length + place) % windows_;
  return {window(at), place == 0 || at == 0};
}

// The place-th of `count` in its epoch's order.
std::int64_t Batches::shuffle(std::int64_t index, std::int64_t count) const {
  const Random order = random_.named(fmt::format("epoch {}", index / count));
  const auto place = static_cast<std::uint64_t>(index % count);
  return static_cast<std::int64_t>(Permutation(static_cast<std::uint64_t>(count), order)(place));
}

Stretch Batches::window(std::int64_t index) const {
  return {index * shape_.length, (index + 1) * shape_.length};
}

double Batches::occupancy() const {
  if (!packing_) return 1;
  return static_cast<double>(packing_->tokens()) /
         (static_cast<double>(packing_->rows()) * static_cast<double>(shape_.length));
}

Batch read_batch(const Tokens& tokens, std::int64_t begin, std::int64_t stride, std::int64_t rows,
                 std::int64_t length, Documents documents) {
  RowReader reader(tokens, documents, rows, length);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t at = begin + row * stride;
    reader.add({at, at + length}, false);
  }
  return reader.finish();
}

}  // namespace carousel
