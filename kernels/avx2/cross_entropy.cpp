// A row of logits is read from memory once: its maximum and the sum of its exponentials are taken
// block by block, and the sum so far is scaled down when a block has a greater maximum.

#include "kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/parallel.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/math.h"
#include "kernels/avx2/pack.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

constexpr std::int64_t block = 1024;  // of a row: stays in the first-level cache between two sweeps

template <class Real>
constexpr Real lowest = -std::numeric_limits<Real>::infinity();

// What a masked load leaves out counts as −∞.
template <class Real>
inline Pack<Real> load(const Real* x, Whole) {
  return Pack<Real>::load(x);
}
template <class Real>
inline Pack<Real> load(const Real* x, First part) {
  const Pack<Real> lanes = Pack<Real>::load(x, part);
  const auto mask = Pack<Real>::mask(part);
  if constexpr (std::is_same_v<Real, float>) {
    return select(_mm256_castsi256_ps(mask), lanes, lowest<Real>);
  } else {
    return select(_mm256_castsi256_pd(mask), lanes, lowest<Real>);
  }
}

// max x and Σ exp(x − max), where infinite logits do not count.
template <class Real>
struct Softmax {
  Real max = lowest<Real>, sum = 0;
};

template <class Real>
Softmax<Real> softmax(const Real* x, std::int64_t V) {
  using P = Pack<Real>;
  Softmax<Real> row;
  for (std::int64_t begin = 0; begin < V; begin += block) {
    const std::int64_t end = std::min(V, begin + block);
    P max = row.max;
    for_packs<Real>(begin, end,
                    [&](std::int64_t v, auto part) { max = avx2::max(load(x + v, part), max); });
    const Real old = row.max;
    row.max = maximum(max);
    // Where all logits so far are −∞ there is nothing to shift, and −∞ − (−∞) would be NaN.
    const Real shift = row.max == lowest<Real> ? 0 : row.max;
    P sum;
    for_packs<Real>(begin, end, [&](std::int64_t v, auto part) {
      sum = sum + exp_flushed(load(x + v, part) - shift);
    });
    row.sum = row.sum * std::exp(old - shift) + avx2::sum(sum);
  }
  return row;
}

}  // namespace

template <class Real>
void cross_entropy_forward(const CrossEntropyForward<Real>& a) {
  parallel_for(a.N, grain_for(2 * a.V), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      a.losses[n] = 0;
      if (a.targets[n] < 0) continue;
      const Real* const x = a.logits + n * a.V;
      const Softmax<Real> row = softmax(x, a.V);
      a.max[n] = row.max;
      a.log_sum[n] = std::log(row.sum);
      a.losses[n] = a.log_sum[n] - (x[a.targets[n]] - a.max[n]);
    }
  });
  const double sum = std::accumulate(a.losses, a.losses + a.N, 0.0);
  *a.loss = static_cast<Real>(sum / static_cast<double>(a.counted));
}

template <class Real>
void cross_entropy_backward(const CrossEntropyBackward<Real>& a) {
  using P = Pack<Real>;
  if (a.dlogits == nullptr) return;
  const Real scale = *a.dloss / static_cast<Real>(a.counted);
  parallel_for(a.N, grain_for(2 * a.V), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      if (a.targets[n] < 0) continue;
      const Real* const x = a.logits + n * a.V;
      const P max = a.max[n], log_sum = a.log_sum[n];
      Real* const dx = a.dlogits + n * a.V;
      for_packs<Real>(0, a.V, [&](std::int64_t v, auto part) {
        const P p = exp_flushed(P::load(x + v, part) - max - log_sum);
        fma(p, P(scale), P::load(dx + v, part)).store(dx + v, part);
      });
      dx[a.targets[n]] -= scale;
    }
  });
}

template void cross_entropy_forward(const CrossEntropyForward<float>&);
template void cross_entropy_forward(const CrossEntropyForward<double>&);
template void cross_entropy_backward(const CrossEntropyBackward<float>&);
template void cross_entropy_backward(const CrossEntropyBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
