// Batches: which windows of the data a training step sees.
#pragma once

#include "core/random.h"
#include "examples/language_model/corpus.h"
#include "examples/language_model/options/options.h"

namespace carousel::program {

struct Batch {
  Tensor<std::int32_t> inputs;   // (B, S)
  Tensor<std::int32_t> targets;  // (B, S): targets[b, t] is the token after inputs[b, t]
};

// B windows of S + 1 tokens, the first at `begin` and each `stride` after the one before.
Batch read_batch(const Tokens& tokens, std::int64_t begin, std::int64_t stride, std::int64_t rows,
                 std::int64_t length);

// A pure function of (seed, step, row): any step can be asked for, in any order, so the number of
// the step is the place in the data. A step has A batches of B rows; with r = 0, 1, … A·B − 1:
//
//   shuffled:    row r of step k starts at ⌊u · (N − S)⌋ with u number k·A·B + r of the random
//   stream sequential:  row r of step k is window (k·A·B + r) mod W, of the W = ⌊(N − 1) / S⌋ that
//   start at
//                0, S, 2 S, …
class Batches {
 public:
  // Throws Error when the tokens are fewer than one window, S + 1.
  Batches(const Tokens& tokens, Order order, std::int64_t rows, std::int64_t length,
          std::uint64_t seed, std::int64_t per_step = 1);

  std::vector<Batch> operator()(std::int64_t step) const;

 private:
  Batch batch(std::int64_t number) const;  // of all, step by step

  Tokens tokens_;
  Order order_;
  std::int64_t rows_, length_;
  Random random_;
  std::int64_t per_step_;
};

}  // namespace carousel::program
