// Elementwise, with u = x + w s and v = f(gate):
//
//   y = v u
//   dgate = dy u f'(gate)        dx = dy v        ds = dy v w        dw = Σ_rows dy v s

#include "kernels/skip_gate.h"

#include <algorithm>

#include "core/parallel.h"
#include "kernels/reference/activation_functions.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

constexpr std::int64_t columns = 16;  // of dw, summed side by side

// dw of up to `columns` neighbouring channels, always in row order, in pieces of 256 rows so that
// long sums stay accurate.
template <class Real, class Function>
void add_weight_gradient(const SkipGateBackward<Real>& a, Function f, std::int64_t first,
                         std::int64_t width) {
  constexpr std::int64_t piece = 256;
  for (std::int64_t begin = 0; begin < a.N; begin += piece) {
    Real sum[columns] = {};
    for (std::int64_t n = begin; n < std::min(a.N, begin + piece); ++n) {
      for (std::int64_t c = 0; c < width; ++c) {
        const std::int64_t i = n * a.C + first + c;
        sum[c] += a.dy[i] * f.value(a.gate[i]) * a.skip[i];
      }
    }
    for (std::int64_t c = 0; c < width; ++c) a.dweight[first + c] += sum[c];
  }
}

}  // namespace

template <class Real>
void skip_gate_forward(const SkipGateForward<Real>& a) {
  with_function(a.f, [&](auto f) {
    parallel_for(a.N, grain_for(8 * a.C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * a.C; i < end * a.C; ++i) {
        a.y[i] = f.value(a.gate[i]) * (a.x[i] + a.weight[i % a.C] * a.skip[i]);
      }
    });
  });
}

template <class Real>
void skip_gate_backward(const SkipGateBackward<Real>& a) {
  with_function(a.f, [&](auto f) {
    parallel_for(a.N, grain_for(16 * a.C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * a.C; i < end * a.C; ++i) {
        const Real weight = a.weight[i % a.C], dv = a.dy[i] * f.value(a.gate[i]);
        if (a.dgate != nullptr) {
          a.dgate[i] += a.dy[i] * (a.x[i] + weight * a.skip[i]) * f.slope(a.gate[i]);
        }
        if (a.dx != nullptr) a.dx[i] += dv;
        if (a.dskip != nullptr) a.dskip[i] += dv * weight;
      }
    });
    if (a.dweight == nullptr) return;
    const std::int64_t tiles = (a.C + columns - 1) / columns;
    parallel_for(tiles, grain_for(8 * columns * a.N), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t tile = begin; tile < end; ++tile) {
        const std::int64_t first = tile * columns;
        add_weight_gradient(a, f, first, std::min(columns, a.C - first));
      }
    });
  });
}

template void skip_gate_forward(const SkipGateForward<float>&);
template void skip_gate_forward(const SkipGateForward<double>&);
template void skip_gate_backward(const SkipGateBackward<float>&);
template void skip_gate_backward(const SkipGateBackward<double>&);

}  // namespace carousel::reference
