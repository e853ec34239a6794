// Per sequence and channel, with x_s for s < 0 taken from the state:
//
//   y_t = bias + Σ_k w[KS−1−k] x_{t−k}        k = 0 … KS−1, how far back the tap reaches
//
// and the state after x is the last KS−1 of its inputs. A tap that would reach across a reset, that
// is, for which some reset lies in (t−k, t], is left out, and the state holds zeros there.
// Backward:
//
//   dx_s = Σ_k w[KS−1−k] dy_{s+k} + the gradient of the state's entry that x_s became
//   dw[KS−1−k] = Σ_t dy_t x_{t−k}
//
// over the same pairs (s, t) as forward.

#include "kernels/conv1d.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

// y += w ⊙ x
template <class Real>
void add_product(std::int64_t n, const Real* w, const Real* x, Real* y) {
#pragma omp simd
  for (std::int64_t c = 0; c < n; ++c) y[c] += w[c] * x[c];
}

template <class Args>
bool resets(const Args& a, std::int64_t b, std::int64_t t) {
  return a.reset != nullptr && a.reset[b * a.S + t] != 0;
}

// Row s of sequence b in [state | x], s = −(KS−1) … S−1; null where there is none.
template <class Args, class Real>
Real* row(const Args& a, Real* x, Real* state, std::int64_t b, std::int64_t s) {
  Real* const start = s >= 0 ? x : state;
  if (start == nullptr) return nullptr;
  return start + (s >= 0 ? b * a.S + s : (b + 1) * (a.KS - 1) + s) * a.C;
}

// How many of the rows t, t−1, … are to be seen from t: n, or less where a reset hides the rest.
template <class Args>
std::int64_t reach(const Args& a, std::int64_t b, std::int64_t t, std::int64_t n) {
  for (std::int64_t k = 1; k < n; ++k) {
    if (t - k + 1 >= 0 && resets(a, b, t - k + 1)) return k;
  }
  return n;
}

// The weights tap by tap: (KS, C).
template <class Args>
auto transposed_weight(const Args& a) {
  std::vector taps(a.weight, a.weight + a.KS * a.C);
  for (std::int64_t c = 0; c < a.C; ++c) {
    for (std::int64_t j = 0; j < a.KS; ++j) {
      taps[static_cast<std::size_t>(j * a.C + c)] = a.weight[c * a.KS + j];
    }
  }
  return taps;
}

template <class Real>
void convolve_row(const Conv1dForward<Real>& a, const Real* taps, std::int64_t b, std::int64_t t) {
  Real* const y = a.y + (b * a.S + t) * a.C;
  for (std::int64_t c = 0; c < a.C; ++c) y[c] = a.bias == nullptr ? Real{0} : a.bias[c];
  const std::int64_t n = reach(a, b, t, a.KS);
  for (std::int64_t k = 0; k < n; ++k) {
    const Real* const x = row(a, a.x, a.state, b, t - k);
    if (x != nullptr) add_product(a.C, taps + (a.KS - 1 - k) * a.C, x, y);
  }
}

template <class Real>
void store_state(const Conv1dForward<Real>& a, std::int64_t b) {
  Real* const end = a.last + (b + 1) * (a.KS - 1) * a.C;
  std::fill(end - (a.KS - 1) * a.C, end, Real{0});
  const std::int64_t n = reach(a, b, a.S - 1, a.KS - 1);
  for (std::int64_t k = 0; k < n; ++k) {
    const Real* const x = row(a, a.x, a.state, b, a.S - 1 - k);
    if (x != nullptr) std::copy_n(x, a.C, end - (k + 1) * a.C);
  }
}

// d, (C): the gradient of row s, collected from the steps that saw it.
template <class Real>
void backward_row(const Conv1dBackward<Real>& a, const Real* taps, std::int64_t b, std::int64_t s,
                  Real* d) {
  for (std::int64_t k = std::max<std::int64_t>(0, -s); k < a.KS; ++k) {
    const std::int64_t t = s + k;
    if (t == a.S) {  // still to be seen after the last step, so it is in the state
      const Real* const last = a.dlast + ((b + 1) * (a.KS - 1) - k) * a.C;
      std::transform(last, last + a.C, d, d, std::plus<>());
      return;
    }
    if (k > 0 && resets(a, b, t)) return;
    add_product(a.C, taps + (a.KS - 1 - k) * a.C, a.dy + (b * a.S + t) * a.C, d);
  }
}

// dw of the channels [begin, end), each sequence summed on its own first: shorter sums, less
// rounding.
template <class Real>
void backward_weight(const Conv1dBackward<Real>& a, std::int64_t begin, std::int64_t end) {
  const std::int64_t width = end - begin;
  std::vector<Real> sum(static_cast<std::size_t>(a.KS * width));
  for (std::int64_t b = 0; b < a.B; ++b) {
    std::fill(sum.begin(), sum.end(), Real{0});
    for (std::int64_t t = 0; t < a.S; ++t) {
      const Real* const dy = a.dy + (b * a.S + t) * a.C + begin;
      const std::int64_t n = reach(a, b, t, a.KS);
      for (std::int64_t k = 0; k < n; ++k) {
        const Real* const x = row(a, a.x, a.state, b, t - k);
        if (x != nullptr) add_product(width, dy, x + begin, sum.data() + (a.KS - 1 - k) * width);
      }
    }
    for (std::int64_t c = 0; c < width; ++c) {
      for (std::int64_t j = 0; j < a.KS; ++j) {
        a.dweight[(begin + c) * a.KS + j] += sum[static_cast<std::size_t>(j * width + c)];
      }
    }
  }
}

// The rows [first, last) of every sequence in [state | x]: body(b, s).
template <class Args, class Body>
void for_rows(const Args& a, std::int64_t first, std::int64_t last, const Body& body) {
  const std::int64_t rows = last - first;
  parallel_for(a.B * rows, grain_for(a.KS * a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) body(i / rows, first + i % rows);
  });
}

}  // namespace

template <class Real>
void conv1d_forward(const Conv1dForward<Real>& a) {
  const std::vector<Real> taps = transposed_weight(a);
  for_rows(a, 0, a.S, [&](std::int64_t b, std::int64_t t) { convolve_row(a, taps.data(), b, t); });
  for (std::int64_t b = 0; b < a.B; ++b) store_state(a, b);
}

template <class Real>
void conv1d_backward(const Conv1dBackward<Real>& a) {
  const std::vector<Real> taps = transposed_weight(a);
  const auto backward = [&](std::int64_t b, std::int64_t s) {
    backward_row(a, taps.data(), b, s, row(a, a.dx, a.dstate, b, s));
  };
  // One after the other, since the two gradients might be one buffer.
  if (a.dx != nullptr) for_rows(a, 0, a.S, backward);
  if (a.dstate != nullptr) for_rows(a, 1 - a.KS, 0, backward);
  if (a.dweight != nullptr) {
    const std::int64_t whole_lines = 32;  // of the cache
    const std::int64_t grain = std::max(whole_lines, grain_for(a.B * a.S * a.KS));
    parallel_for(a.C, grain,
                 [&](std::int64_t begin, std::int64_t end) { backward_weight(a, begin, end); });
  }
}

template void conv1d_forward(const Conv1dForward<float>&);
template void conv1d_forward(const Conv1dForward<double>&);
template void conv1d_backward(const Conv1dBackward<float>&);
template void conv1d_backward(const Conv1dBackward<double>&);

}  // namespace carousel::reference
