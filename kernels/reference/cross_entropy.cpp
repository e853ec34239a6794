// For a row x with target t, shifted by its maximum so that no exponential overflows:
//
//   lse = max x + log Σ_v exp(x_v − max x)        loss = mean over the rows of (lse − x_t)
//   dx_v = (exp(x_v − lse) − [v = t]) · dloss / counted

#include "kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

template <class Real>
Real log_sum_exp(const Real* x, std::int64_t V) {
  const Real max = *std::max_element(x, x + V);
  Real sum = 0;
  for (std::int64_t v = 0; v < V; ++v) sum += std::exp(x[v] - max);
  return max + std::log(sum);
}

}  // namespace

template <class Real>
void cross_entropy_forward(const CrossEntropyForward<Real>& a) {
  parallel_for(a.N, grain_for(16 * a.V), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      if (a.targets[n] >= 0) a.log_sum_exp[n] = log_sum_exp(a.logits + n * a.V, a.V);
    }
  });
  double sum = 0;
  for (std::int64_t n = 0; n < a.N; ++n) {
    if (a.targets[n] < 0) continue;
    sum += static_cast<double>(a.log_sum_exp[n] - a.logits[n * a.V + a.targets[n]]);
  }
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
      Real* const dx = a.dlogits + n * a.V;
      for (std::int64_t v = 0; v < a.V; ++v) dx[v] += std::exp(x[v] - a.log_sum_exp[n]) * scale;
      dx[a.targets[n]] -= scale;
    }
  });
}

template void cross_entropy_forward(const CrossEntropyForward<float>&);
template void cross_entropy_forward(const CrossEntropyForward<double>&);
template void cross_entropy_backward(const CrossEntropyBackward<float>&);
template void cross_entropy_backward(const CrossEntropyBackward<double>&);

}  // namespace carousel::reference
