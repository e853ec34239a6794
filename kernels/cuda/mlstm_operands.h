// The matrices that the mLSTM's kernels multiply, read where they lie.
#pragma once

#include <cstdint>

#include "kernels/cuda/tile_product.h"

namespace carousel::cuda {

// One of q̃, k̃ (scaled), v̂ = [v | 1], ĝ = [g | δ]: rows (B, S, NH, width), and a last column.
template <class Element>
struct MlstmRows {
  using Real = Wide<Element>;

  const Element* x;  // (B, S, NH, width)
  int width;
  Real factor;              // of all elements
  const Real* scale;        // (B, S, NH)   of each row; null: 1
  const Real* last_column;  // (B, S, NH)   element `width`; null: 1

  __device__ Real operator()(std::int64_t row, int k) const {
    if (k == width) return last(row);
    const Real value = factor * static_cast<Real>(x[row * width + k]);
    return scale == nullptr ? value : value * scale[row];
  }
  __device__ Real last(std::int64_t row) const {
    return last_column == nullptr ? Real(1) : last_column[row];
  }
};

// A state [C | n], or the gradient of one, as (DHqk, DHv) and (DHqk).
template <class Real>
struct MlstmStatePointers {
  const Real* c;  // null: nothing, zeros
  const Real* n;
};

// States at the boundaries of chunks: 0 before the first … chunks after the last.
template <class Real>
struct MlstmStates {
  const Real *end_c, *end_n;      // (tasks, …)   the one at an end, null: none there
  const Real *inner_c, *inner_n;  // (tasks, count, …)   those between
  int end;                        // which boundary is end_c
  std::int64_t count;             // boundary b is the inner number b − 1
  std::int64_t DHqk, DHv;

  __device__ MlstmStatePointers<Real> operator()(std::int64_t task, int boundary) const {
    if (boundary == end) {
      if (end_c == nullptr) return {nullptr, nullptr};
      return {end_c + task * DHqk * DHv, end_n + task * DHqk};
    }
    const std::int64_t at = task * count + boundary - 1;
    return {inner_c + at * DHqk * DHv, inner_n + at * DHqk};
  }
};

}  // namespace carousel::cuda
