// The product of one step of a recurrence: a few rows, which wait for the step before, times a
// matrix that is the same in every step.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/avx2/pack.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

// Asks for the rows of the next step while this one is computed. Between two steps of a sequence
// lies much that is not of its head, and no processor guesses the strides of some hundred rows. Nor
// can it wait for that many at a time: they are spread over the step.
template <class Real>
class Ahead {
 public:
  // A row of n numbers of the first step, which lies step numbers on at each other. Null: none.
  void add(const Real* first, std::int64_t n, std::int64_t step) {
    if (first != nullptr) rows.push_back({first, n, step});
    next = rows.size();
  }
  // A step, which must have a next one, and in which advance() will be called about calls times.
  // What is left of the step before is made up for.
  void begin_step(std::int64_t calls) {
    share = rows.size();
    advance();
    next = 0;
    share = (rows.size() + static_cast<std::size_t>(calls) - 1) / static_cast<std::size_t>(calls);
  }
  void advance() {
    constexpr std::int64_t line = 64 / sizeof(Real);
    for (const std::size_t end = std::min(next + share, rows.size()); next < end; ++next) {
      Row& row = rows[next];
      row.at += row.step;
      for (std::int64_t i = 0; i < row.n; i += line) _mm_prefetch(row.at + i, _MM_HINT_T0);
    }
  }

 private:
  struct Row {
    const Real* at;
    std::int64_t n, step;
  };
  std::vector<Row> rows;
  std::size_t next = 0, share = 0;
};

// A matrix (K, N) in panels: a few columns each, row after row, filled up with zeros. Products with
// it read it from front to back.
template <class Real>
class Panels {
 public:
  static constexpr std::int64_t width = 2 * Pack<Real>::lanes;

  // The matrix (rows, columns), rows contiguous.
  void fill(const Real* matrix, std::int64_t rows, std::int64_t columns);
  // Its transpose.
  void fill_transposed(const Real* matrix, std::int64_t rows, std::int64_t columns);

  // c (M, N) = a (M, K) · the matrix, for any rows a[0], a[1], … of which there are 1 to 8. Every
  // element is one sum over k, whatever M is: a sequence comes out the same in any company.
  void multiply(const Real* const* a, std::int64_t M, Real* c, std::int64_t c_row,
                Ahead<Real>& ahead) const;

 private:
  std::int64_t K = 0, N = 0;
  std::vector<Real> values;  // (ceil(N / width), K, width)
};

// About how often Panels::multiply calls ahead.advance().
template <class Real>
constexpr std::int64_t advances(std::int64_t M, std::int64_t N) {
  const std::int64_t panels = (N + Panels<Real>::width - 1) / Panels<Real>::width;
  return M > 6 ? 2 * panels : M > 3 ? panels : (panels + 3) / 4;
}

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
