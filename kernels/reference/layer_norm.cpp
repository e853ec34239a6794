// Per row x of C channels, with w = weight_offset + weight:
//
//   mean = Σ x / C        rstd = 1 / √(Σ (x − mean)² / C + eps)        x̂ = (x − mean) · rstd
//   y = x̂ w + bias
//
// Backward, with g = dy w the gradient at x̂:
//
//   dx = rstd · (g − Σ g / C − x̂ · Σ (g x̂) / C)
//   dweight = Σ_rows dy x̂        dbias = Σ_rows dy
//
// Where the x above is a sum, x + branch, the gradient dx + dsum is that of both.

#include "kernels/layer_norm.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/parallel.h"
#include "kernels/reference/norm.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

template <class Real>
void normalise_row(const LayerNormForward<Real>& a, std::int64_t row) {
  const std::int64_t first_channel = row % a.G * a.C;
  const Real* x = a.x + row * a.C;
  Real* const y = a.y + row * a.C;
  if (a.branch != nullptr) {
    Real* const both = a.sum + row * a.C;
    std::transform(x, x + a.C, a.branch + row * a.C, both, std::plus<>());
    x = both;
  }

  Real sum = 0;
  for (std::int64_t c = 0; c < a.C; ++c) sum += x[c];
  const Real mean = sum / static_cast<Real>(a.C);
  Real squares = 0;
  for (std::int64_t c = 0; c < a.C; ++c) squares += (x[c] - mean) * (x[c] - mean);
  const Real rstd = 1 / std::sqrt(squares / static_cast<Real>(a.C) + static_cast<Real>(a.eps));

  for (std::int64_t c = 0; c < a.C; ++c) {
    const std::int64_t channel = first_channel + c;
    const Real bias = a.bias == nullptr ? Real{0} : a.bias[channel];
    y[c] = (x[c] - mean) * rstd * effective_weight(a.weight, channel, a.weight_offset) + bias;
  }
  a.mean[row] = mean;
  a.rstd[row] = rstd;
}

template <class Real>
void backward_row(const LayerNormBackward<Real>& a, std::int64_t row) {
  const std::int64_t first_channel = row % a.G * a.C;
  const Real* const dy = a.dy + row * a.C;
  const Real* const x = a.x + row * a.C;
  const Real mean = a.mean[row], rstd = a.rstd[row];

  Real sum_g = 0, sum_gx = 0;
  for (std::int64_t c = 0; c < a.C; ++c) {
    const Real g = dy[c] * effective_weight(a.weight, first_channel + c, a.weight_offset);
    sum_g += g;
    sum_gx += g * (x[c] - mean) * rstd;
  }
  sum_g /= static_cast<Real>(a.C);
  sum_gx /= static_cast<Real>(a.C);
  for (std::int64_t c = 0; c < a.C; ++c) {
    const Real g = dy[c] * effective_weight(a.weight, first_channel + c, a.weight_offset);
    Real dx = rstd * (g - sum_g - (x[c] - mean) * rstd * sum_gx);
    if (a.dsum != nullptr) dx += a.dsum[row * a.C + c];
    if (a.dx != nullptr) a.dx[row * a.C + c] += dx;
    if (a.dbranch != nullptr) a.dbranch[row * a.C + c] += dx;
  }
}

}  // namespace

template <class Real>
void layer_norm_forward(const LayerNormForward<Real>& a) {
  parallel_for(a.N * a.G, grain_for(8 * a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) normalise_row(a, row);
  });
}

template <class Real>
void layer_norm_backward(const LayerNormBackward<Real>& a) {
  if (a.dx != nullptr || a.dbranch != nullptr) {
    parallel_for(a.N * a.G, grain_for(16 * a.C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) backward_row(a, row);
    });
  }
  backward_affine(
      a, [&](std::int64_t row, std::int64_t i) { return (a.x[i] - a.mean[row]) * a.rstd[row]; });
}

template void layer_norm_forward(const LayerNormForward<float>&);
template void layer_norm_forward(const LayerNormForward<double>&);
template void layer_norm_backward(const LayerNormBackward<float>&);
template void layer_norm_backward(const LayerNormBackward<double>&);

}  // namespace carousel::reference
