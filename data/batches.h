// Batches: what a training step sees of the data. A function of seed and step, so that the number
// of the step is the place in the data: any step can be asked for, in any order.
#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/random.h"
#include "core/tensor.h"
#include "data/corpus.h"
#include "data/packing.h"

namespace carousel {

struct Batch {
  Tensor<std::int32_t> inputs;   // (B, S)
  Tensor<std::int32_t> targets;  // (B, S): the token after inputs[b, t]; negative: none to predict
  Tensor<std::int32_t> reset;    // (B, S), or undefined: where nonzero a document begins

  std::int64_t predicted() const;  // targets that are not negative
};

// Of N tokens in rows of S, R rows in a step; W = ⌊(N − 1) / S⌋ windows start at 0, S, 2S, …
//
//   shuffled     windows, each once in an epoch, in an order of the epoch's own; documents follow
//                each other like any text
//   sequential   windows from the first to the last, and again
//   packed       rows of whole documents (data/packing.h), each once in an epoch, in an order of
//                the epoch's own; every document starts afresh
//   streams      R streams of ⌊W / R⌋ windows, each where the one before ended, with the state that
//                was left there (truncated backpropagation through time); documents start afresh.
//                Every epoch begins where the one before ended, so that all windows have their turn
enum class Order { shuffled, sequential, packed, streams };

constexpr auto words(Order) {
  return std::array{std::pair{"shuffled", Order::shuffled},
                    std::pair{"sequential", Order::sequential}, std::pair{"packed", Order::packed},
                    std::pair{"streams", Order::streams}};
}

// Whether documents are kept apart, or follow each other like any text.
enum class Documents { joined, apart };
Documents documents_in(Order order);

// What is the same for every step.
struct BatchShape {
  std::int64_t rows;          // B
  std::int64_t length;        // S
  std::int64_t per_step = 1;  // batches; a step has R = per_step · B rows
};

class Batches {
 public:
  // Throws Error when the tokens are too few for a row, or for a window in every stream, when there
  // are documents to keep apart and nobody knows where they begin, and when none of them has a
  // token to predict.
  Batches(const Tokens& tokens, Order order, const BatchShape& shape, std::uint64_t seed);

  std::vector<Batch> operator()(std::int64_t step) const;

  // Whether batch i of a step goes on with the states that batch i of the one before left.
  bool carries_state() const { return order_ == Order::streams; }

  // Share of all places in the rows of an epoch that hold a token.
  double occupancy() const;

 private:
  struct Row {
    Stretch stretch;
    bool fresh;  // no state is carried into it
  };

  void check() const;
  bool predicts_something() const;
  std::int64_t rows_per_step() const { return shape_.rows * shape_.per_step; }
  Row row(std::int64_t index) const;  // of all, step by step
  Row stream_row(std::int64_t index) const;
  std::int64_t shuffle(std::int64_t index, std::int64_t count) const;
  Stretch window(std::int64_t index) const;

  Tokens tokens_;
  Order order_;
  BatchShape shape_;
  std::int64_t windows_;
  std::optional<Packing> packing_;
  Random random_;
};

// For measuring: B windows of S tokens and the token after each, the first at `begin` and each
// `stride` after the one before.
Batch read_batch(const Tokens& tokens, std::int64_t begin, std::int64_t stride, std::int64_t rows,
                 std::int64_t length, Documents documents);

}  // namespace carousel
