// Moving elements: a strided copy of up to max_axes axes. Slices, joins and permutations are all
// calls of it, and so are their backward passes.
#pragma once

#include <array>
#include <cstdint>

#include "core/shape.h"

namespace carousel {

// y[Σ i_a · y_stride_a] += x[Σ i_a · x_stride_a] for every index i of `shape`.
// The places written must be distinct.
template <class Real>
struct StridedAdd {
  const Real* x;
  Real* y;  // +=
  Shape shape;
  std::array<std::int64_t, Shape::max_rank> x_stride, y_stride;  // in elements
};

}  // namespace carousel
