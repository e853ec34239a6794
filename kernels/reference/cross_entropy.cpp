// For a row x with target t, shifted by its maximum so that no exponential overflows:
//
//   m = max x        s = log Σ_v exp(x_v − m)        loss = Σ_rows (s − (x_t − m)) / counted
//   dx_v = (exp(x_v − m − s) − [v = t]) · dloss / counted
//
// m and s stay apart: in single precision m + s would lose s where the logits are large.

#include "kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

// log Σ_v exp(x_v − max), in pieces so that the sum over a large vocabulary stays accurate.
template <class Real>
Real shifted_log_sum(const Real* x, std::int64_t V, Real max) {
  constexpr std::int64_t piece = 256;
  Real sum = 0;
  for (std::int64_t begin = 0; begin < V; begin += piece) {
    Real part = 0;
    for (std::int64_t v = begin; v < std::min(V, begin + piece); ++v) part += std::exp(x[v] - max);
    sum += part;
  }
  return std::log(sum);
}

}  // namespace

template <class Real>
void cross_entropy_forward(const CrossEntropyForward<Real>& a) {
  parallel_for(a.N, grain_for(16 * a.V), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      a.losses[n] = 0;
      if (a.targets[n] < 0) continue;
      const Real* const x = a.logits + n * a.V;
      a.max[n] = *std::max_element(x, x + a.V);
      a.log_sum[n] = shifted_log_sum(x, a.V, a.max[n]);
      a.losses[n] = a.log_sum[n] - (x[a.targets[n]] - a.max[n]);
    }
  });
  const double sum = std::accumulate(a.losses, a.losses + a.N, 0.0);
  *a.loss = static_cast<Real>(sum / static_cast<double>(a.counted));
}

template <class Real>
void cross_entropy_backward(const CrossEntropyBackward<Real>& a) {
  if (a.dlogits == nullptr) return;
  const Real scale = *a.dloss / static_cast<Real>(a.counted);
  parallel_for(a.N, grain_for(16 * a.V), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      if (a.targets[n] < 0) continue;
      const Real* const x = a.logits + n * a.V;
      const Real max = a.max[n], log_sum = a.log_sum[n];
      Real* const dx = a.dlogits + n * a.V;
      for (std::int64_t v = 0; v < a.V; ++v) dx[v] += std::exp(x[v] - max - log_sum) * scale;
      dx[a.targets[n]] -= scale;
    }
  });
}

template void cross_entropy_forward(const CrossEntropyForward<float>&);
template void cross_entropy_forward(const CrossEntropyForward<double>&);
template void cross_entropy_backward(const CrossEntropyBackward<float>&);
template void cross_entropy_backward(const CrossEntropyBackward<double>&);

}  // namespace carousel::reference
