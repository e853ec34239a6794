// Sums over one axis, and their transpose: a broadcast along it.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

template <class Real>
struct ReduceSum {
  const Real* x;  // (outer, n, inner)
  Wide<Real>* y;  // (outer, inner)     += factor · Σ_n x
  std::int64_t outer, n, inner;
  double factor;
};

template <class Real>
struct ReduceBroadcast {
  const Wide<Real>* y;  // (outer, inner)
  Real* x;              // (outer, n, inner)  += factor · y
  std::int64_t outer, n, inner;
  double factor;
};

}  // namespace carousel
