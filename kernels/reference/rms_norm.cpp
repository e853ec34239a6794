// Per row x of C channels, with w = weight_offset + weight:
//
//   rrms = 1 / √(Σ x² / C + eps)        x̂ = x · rrms        y = x̂ w + bias
//
// Backward, with g = dy w the gradient at x̂:
//
//   dx = rrms · (g − x̂ · Σ (g x̂) / C)
//   dweight = Σ_rows dy x̂        dbias = Σ_rows dy

#include "kernels/rms_norm.h"

#include <cmath>

#include "core/parallel.h"
#include "kernels/reference/norm.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

template <class Real>
void normalise_row(const RmsNormForward<Real>& a, std::int64_t row) {
  const std::int64_t first_channel = row % a.G * a.C;
  const Real* const x = a.x + row * a.C;
  Real* const y = a.y + row * a.C;

  Real squares = 0;
  for (std::int64_t c = 0; c < a.C; ++c) squares += x[c] * x[c];
  const Real rrms = 1 / std::sqrt(squares / static_cast<Real>(a.C) + static_cast<Real>(a.eps));

  for (std::int64_t c = 0; c < a.C; ++c) {
    const std::int64_t channel = first_channel + c;
    const Real bias = a.bias == nullptr ? Real{0} : a.bias[channel];
    y[c] = x[c] * rrms * effective_weight(a.weight, channel, a.weight_offset) + bias;
  }
  a.rrms[row] = rrms;
}

template <class Real>
void backward_row(const RmsNormBackward<Real>& a, std::int64_t row) {
  const std::int64_t first_channel = row % a.G * a.C;
  const Real* const dy = a.dy + row * a.C;
  const Real* const x = a.x + row * a.C;
  Real* const dx = a.dx + row * a.C;
  const Real rrms = a.rrms[row];

  Real sum_gx = 0;
  for (std::int64_t c = 0; c < a.C; ++c) {
    const Real g = dy[c] * effective_weight(a.weight, first_channel + c, a.weight_offset);
    sum_gx += g * x[c] * rrms;
  }
  sum_gx /= static_cast<Real>(a.C);
  for (std::int64_t c = 0; c < a.C; ++c) {
    const Real g = dy[c] * effective_weight(a.weight, first_channel + c, a.weight_offset);
    dx[c] += rrms * (g - x[c] * rrms * sum_gx);
  }
}

}  // namespace

template <class Real>
void rms_norm_forward(const RmsNormForward<Real>& a) {
  parallel_for(a.N * a.G, grain_for(8 * a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) normalise_row(a, row);
  });
}

template <class Real>
void rms_norm_backward(const RmsNormBackward<Real>& a) {
  if (a.dx != nullptr) {
    parallel_for(a.N * a.G, grain_for(16 * a.C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) backward_row(a, row);
    });
  }
  backward_affine(a, [&](std::int64_t row, std::int64_t i) { return a.x[i] * a.rrms[row]; });
}

template void rms_norm_forward(const RmsNormForward<float>&);
template void rms_norm_forward(const RmsNormForward<double>&);
template void rms_norm_backward(const RmsNormBackward<float>&);
template void rms_norm_backward(const RmsNormBackward<double>&);

}  // namespace carousel::reference
