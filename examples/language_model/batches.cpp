#include "examples/language_model/batches.h"

#include <algorithm>

#include "core/error.h"

namespace carousel::program {

namespace {

// One row of a batch, from the window of S + 1 tokens that starts at `begin`.
void read_row(const Tokens& tokens, std::int64_t begin, std::int64_t row, Batch& batch) {
  const std::int64_t S = batch.inputs.dim(1);
  std::int32_t* const inputs = batch.inputs.mutable_data() + row * S;
  std::int32_t* const targets = batch.targets.mutable_data() + row * S;
  tokens.read(begin, {inputs, static_cast<std::size_t>(S)});
  std::copy(inputs + 1, inputs + S, targets);
  tokens.read(begin + S, {targets + S - 1, 1});
}

Batch allocate(std::int64_t rows, std::int64_t length) {
  return {Tensor<std::int32_t>({rows, length}), Tensor<std::int32_t>({rows, length})};
}

}  // namespace

Batch read_batch(const Tokens& tokens, std::int64_t begin, std::int64_t stride, std::int64_t rows,
                 std::int64_t length) {
  Batch batch = allocate(rows, length);
  for (std::int64_t row = 0; row < rows; ++row) {
    read_row(tokens, begin + row * stride, row, batch);
  }
  return batch;
}

Batches::Batches(const Tokens& tokens, Order order, std::int64_t rows, std::int64_t length,
                 std::uint64_t seed, std::int64_t per_step)
    : tokens_(tokens),
      order_(order),
      rows_(rows),
      length_(length),
      random_(Random{seed}.named("data order")),
      per_step_(per_step) {
  CAROUSEL_CHECK(tokens.size() > length,
                 "train: there are {} to train on, want at least {}, one more than the context",
                 tokens.count(), length + 1);
}

std::vector<Batch> Batches::operator()(std::int64_t step) const {
  std::vector<Batch> result;
  for (std::int64_t i = 0; i < per_step_; ++i) result.push_back(batch(step * per_step_ + i));
  return result;
}

Batch Batches::batch(std::int64_t number) const {
  Batch batch = allocate(rows_, length_);
  const std::int64_t windows = (tokens_.size() - 1) / length_;
  const std::int64_t places = tokens_.size() - length_;
  for (std::int64_t row = 0; row < rows_; ++row) {
    const std::int64_t index = number * rows_ + row;
    const auto draw = [&] {
      return static_cast<std::int64_t>(
          random_.below(static_cast<std::uint64_t>(places), static_cast<std::uint64_t>(index)));
    };
    read_row(tokens_, order_ == Order::sequential ? index % windows * length_ : draw(), row, batch);
  }
  return batch;
}

}  // namespace carousel::program
