// Packing: documents laid into rows of a fixed length, one after the other, uncut where they fit.
#pragma once

#include <cstdint>
#include <vector>

#include "data/corpus.h"

namespace carousel {

// A stretch of tokens.
struct Stretch {
  std::int64_t begin, end;
};

// A document longer than a row is first cut into pieces of a row's length, the last one shorter.
// Documents and pieces fill a row in the order they have, until the next does not fit: what is left
// of the row stays empty. So a row is a stretch of tokens, and the rows together are all of them,
// each once, but for rows in which nothing can be predicted: those of documents that have only one
// token left, without a separator to end them. Memory: 8 bytes for 64 rows.
class Packing {
 public:
  // Reads where all documents begin.
  Packing(const Tokens& tokens, std::int64_t length);

  std::int64_t rows() const { return rows_; }
  std::int64_t tokens() const { return laid_out_; }  // in all rows
  Stretch row(std::int64_t index) const;             // index < rows()

 private:
  Stretch next_row(std::int64_t begin) const;  // empty at the end
  std::int64_t end_of_row(std::int64_t begin) const;
  bool predicts_something(Stretch row) const;

  Tokens tokens_;
  std::int64_t length_;
  std::int64_t rows_ = 0, laid_out_ = 0;
  std::vector<std::int64_t> marks_;  // where rows 0, 64, 128, … begin
};

}  // namespace carousel
