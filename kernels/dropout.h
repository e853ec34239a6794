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
  double probability;        // of an element to become zero, in [0, 1)
  Random random;             // element i is kept where uniform(first + i) ≥ probability
  const std::int32_t* step;  // (1)  whose numbers these are; null: 0
};

// Of the stream's numbers, the first that belongs to a step: each has 2⁴⁰.
constexpr std::uint64_t first_number(const std::int32_t* step) {
  return step == nullptr ? 0 : static_cast<std::uint64_t>(*step) << 40;
}

}  // namespace carousel
