//   sum:        y[o, i] += factor · Σ_n x[o, n, i]
//   broadcast:  x[o, n, i] += factor · y[o, i]           each the backward pass of the other

#include "kernels/reduce.h"

#include <algorithm>
#include <array>

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

constexpr std::int64_t columns = 16;  // summed side by side, one accumulator each

// Σ_n of up to `columns` neighbours x[n, i…], in pieces of 256 rows so that long sums stay
// accurate.
template <class Real>
void sum_columns(const ReduceSum<Real>& a, std::int64_t outer, std::int64_t begin,
                 std::int64_t width) {
  constexpr std::int64_t piece = 256;
  const Real* const x = a.x + outer * a.n * a.inner + begin;
  std::array<Real, columns> total{};
  for (std::int64_t first = 0; first < a.n; first += piece) {
    std::array<Real, columns> sum{};
    for (std::int64_t n = first; n < std::min(a.n, first + piece); ++n) {
      for (std::int64_t i = 0; i < width; ++i) {
        sum[static_cast<std::size_t>(i)] += x[n * a.inner + i];
      }
    }
    for (std::size_t i = 0; i < columns; ++i) total[i] += sum[i];
  }
  Real* const y = a.y + outer * a.inner + begin;
  for (std::int64_t i = 0; i < width; ++i) {
    y[i] += static_cast<Real>(a.factor) * total[static_cast<std::size_t>(i)];
  }
}

}  // namespace

template <class Real>
void reduce_sum(const ReduceSum<Real>& a) {
  if (a.y == nullptr || a.inner == 0) return;
  const std::int64_t tiles = (a.inner + columns - 1) / columns;
  parallel_for(a.outer * tiles, grain_for(columns * a.n),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t tile = begin; tile < end; ++tile) {
                   const std::int64_t first = tile % tiles * columns;
                   sum_columns(a, tile / tiles, first, std::min(columns, a.inner - first));
                 }
               });
}

template <class Real>
void reduce_broadcast(const ReduceBroadcast<Real>& a) {
  if (a.x == nullptr) return;
  const Real factor = static_cast<Real>(a.factor);
  parallel_for(a.outer * a.n, grain_for(a.inner), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Real* const y = a.y + row / a.n * a.inner;
      Real* const x = a.x + row * a.inner;
      for (std::int64_t i = 0; i < a.inner; ++i) x[i] += factor * y[i];
    }
  });
}

template void reduce_sum(const ReduceSum<float>&);
template void reduce_sum(const ReduceSum<double>&);
template void reduce_broadcast(const ReduceBroadcast<float>&);
template void reduce_broadcast(const ReduceBroadcast<double>&);

}  // namespace carousel::reference
