// Dropout (Srivastava et al. 2014), inverted: kept elements are scaled up in training.
#pragma once

#include <cstdint>

#include "core/random.h"

namespace carousel {

// Forward with y = result, backward with dy in place of x and dx as result: the same mask, drawn
// again from the random stream.
template <class Real>
struct Dropout {
  const Real* x;  // (N)
  Real* y;        // (N)  +=
  std::int64_t N;
  double probability;  // of an element to become zero, in [0, 1)
  Random random;       // element i is kept where uniform(i) ≥ probability
};

}  // namespace carousel
