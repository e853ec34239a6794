// What the norms share: the weight as it is used, and the gradients of weight and bias.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/parallel.h"

namespace carousel::reference {

template <class Real>
Real effective_weight(const Real* weight, std::int64_t c, double offset) {
  return weight == nullptr ? Real{1} : static_cast<Real>(offset) + weight[c];
}

// dweight = Σ_rows dy x̂ and dbias = Σ_rows dy, always in row order, for a few channels of one group
// side by side. normalised(row, i) is x̂ at place i of x, (N, G, C), in that row of N·G.
template <template <class> class Args, class Real, class Normalised>
void backward_affine(const Args<Real>& a, const Normalised& normalised) {
  if (a.dweight == nullptr && a.dbias == nullptr) return;
  constexpr std::int64_t columns = 16;
  const std::int64_t tiles = (a.C + columns - 1) / columns;
  const auto run = [&](std::int64_t tile) {
    const std::int64_t group = tile / tiles, first = group * a.C + tile % tiles * columns;
    const std::int64_t width = std::min(columns, (group + 1) * a.C - first);
    std::array<Real, columns> dweight{}, dbias{};
    for (std::int64_t n = 0; n < a.N; ++n) {
      const std::int64_t row = n * a.G + group, start = n * a.G * a.C + first;
      for (std::int64_t c = 0; c < width; ++c) {
        const auto column = static_cast<std::size_t>(c);
        dweight[column] += a.dy[start + c] * normalised(row, start + c);
        dbias[column] += a.dy[start + c];
      }
    }
    for (std::int64_t c = 0; c < width; ++c) {
      const auto column = static_cast<std::size_t>(c);
      if (a.dweight != nullptr) a.dweight[first + c] += dweight[column];
      if (a.dbias != nullptr) a.dbias[first + c] += dbias[column];
    }
  };
  parallel_for(a.G * tiles, grain_for(8 * columns * a.N),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t tile = begin; tile < end; ++tile) run(tile);
               });
}

}  // namespace carousel::reference
