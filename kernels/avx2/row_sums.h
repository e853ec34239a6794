// Sums over the rows of a matrix, for gradients of what all rows share.
#pragma once

#include <algorithm>
#include <array>

#include "core/parallel.h"
#include "kernels/avx2/pack.h"
#include "kernels/avx2/scratch.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

// y += x
template <class Real>
inline void add_to(Real* y, const Real* x, std::int64_t n) {
  using P = Pack<Real>;
  for_packs<Real>(0, n, [&](std::int64_t i, auto part) {
    (P::load(y + i, part) + P::load(x + i, part)).store(y + i, part);
  });
}

// to[k] += Σ_rows sums[k], (width) each; a null `to` is not wanted. body(begin, end, sums) adds
// what the rows [begin, end) give into sums, (count, width), which start from zero. Rows are summed
// in chunks whose sums are added in order: short sums, little rounding, the same bits for any
// number of threads.
template <class Real, std::size_t count, class Body>
inline void add_row_sums(std::int64_t rows, std::int64_t width, const std::array<Real*, count>& to,
                         const Body& body) {
  constexpr std::int64_t most_chunks = 64, targets = static_cast<std::int64_t>(count);
  const std::int64_t grain = std::max<std::int64_t>(64, (rows + most_chunks - 1) / most_chunks);
  const std::int64_t chunks = (rows + grain - 1) / grain, size = targets * width;
  const Scratch<Real> sums(chunks * size);
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    Real* const mine = sums.data() + begin / grain * size;
    std::fill_n(mine, size, Real{0});
    body(begin, end, mine);
  });
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
    for (std::int64_t k = 0; k < targets; ++k) {
      Real* const target = to[static_cast<std::size_t>(k)];
      if (target != nullptr) add_to(target, sums.data() + chunk * size + k * width, width);
    }
  }
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
