// Between narrow elements and wide ones.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

template <class Real>
struct Narrow {
  const Wide<Real>* x;  // (N)
  Real* y;              // (N)   = x rounded, or += when accumulate
  std::int64_t N;
  bool accumulate;
};

template <class Real>
struct Widen {
  const Real* x;  // (N)
  Wide<Real>* y;  // (N)   = x, or += when accumulate
  std::int64_t N;
  bool accumulate;
};

}  // namespace carousel
