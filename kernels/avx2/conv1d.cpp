// The equations are those of kernels/reference/conv1d.cpp: per channel, and with the rows that a
// reset hides left out,
//
//   y_t = bias + Σ_k w[KS−1−k] x_{t−k}        dx_s = Σ_k w[KS−1−k] dy_{s+k}
//   dw[KS−1−k] = Σ_t dy_t x_{t−k}
//
// A row takes its KS neighbours together, so each is written once.

#include "kernels/conv1d.h"

#include <algorithm>
#include <vector>

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/product.h"
#include "kernels/avx2/row_sums.h"
#include "kernels/avx2/scratch.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

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

// The weights tap by tap, (KS, C). A tap that reaches k steps back is at last − k · C.
template <class Real>
struct Taps {
  Scratch<Real> values;
  const Real* last;

  template <class Args>
  explicit Taps(const Args& a) : values(a.KS * a.C), last(values.data() + (a.KS - 1) * a.C) {
    transpose(a.weight, a.KS, a.C, a.KS, values.data(), a.C);
  }
};

// The rows that one row is a sum over, one per tap.
template <class Real>
struct Neighbours {
  std::vector<const Real*> rows;
  std::int64_t count = 0;

  explicit Neighbours(std::int64_t KS) : rows(static_cast<std::size_t>(KS)) {}
  const Real* operator[](std::int64_t k) const { return rows[static_cast<std::size_t>(k)]; }
  void push(const Real* row) { rows[static_cast<std::size_t>(count++)] = row; }
};

// x_t, x_{t−1}, … as far back as step t sees.
template <class Real, class Args>
void find_past(const Args& a, std::int64_t b, std::int64_t t, Neighbours<Real>& past) {
  past.count = 0;
  for (std::int64_t k = 0; k < a.KS; ++k) {
    if (k > 0 && t - k + 1 >= 0 && resets(a, b, t - k + 1)) return;
    const Real* const x = row(a, a.x, a.state, b, t - k);
    if (x == nullptr) return;
    past.push(x);
  }
}

// y = start + Σ_k tap_k ⊙ rows_k, each (C), with tap_k at tap − k · C.
template <class Real>
void add_taps(const Real* tap, const Neighbours<Real>& rows, const Real* start, std::int64_t C,
              Real* y) {
  using P = Pack<Real>;
  for_packs<Real>(0, C, [&](std::int64_t c, auto part) {
    P sum;
    if (start != nullptr) sum = P::load(start + c, part);
    for (std::int64_t k = 0; k < rows.count; ++k) {
      sum = fma(P::load(tap - k * C + c, part), P::load(rows[k] + c, part), sum);
    }
    sum.store(y + c, part);
  });
}

// d, (C), gets what row s of [state | x] gave to the steps that saw it, and to the final state.
template <class Real>
void backward_row(const Conv1dBackward<Real>& a, const Real* last_tap, std::int64_t b,
                  std::int64_t s, Neighbours<Real>& seen, Real* d) {
  const std::int64_t first = std::max<std::int64_t>(0, -s);
  const Real* last = nullptr;
  seen.count = 0;
  for (std::int64_t k = first; k < a.KS; ++k) {
    const std::int64_t t = s + k;
    if (t == a.S) {  // still to be seen after the last step, so it is in the state
      last = a.dlast + ((b + 1) * (a.KS - 1) - k) * a.C;
      break;
    }
    if (k > 0 && resets(a, b, t)) break;
    seen.push(a.dy + (b * a.S + t) * a.C);
  }
  add_taps(last_tap - first * a.C, seen, d, a.C, d);
  if (last != nullptr) add_to(d, last, a.C);
}

// dw of the channels [begin, end), each sequence summed on its own first.
template <class Real>
void backward_weight(const Conv1dBackward<Real>& a, std::int64_t begin, std::int64_t end) {
  using P = Pack<Real>;
  const std::int64_t width = end - begin;
  std::vector<Real> sums(static_cast<std::size_t>(a.KS * width));
  Neighbours<Real> past(a.KS);
  for (std::int64_t b = 0; b < a.B; ++b) {
    std::fill(sums.begin(), sums.end(), Real{0});
    for (std::int64_t t = 0; t < a.S; ++t) {
      find_past(a, b, t, past);
      const Real* const dy = a.dy + (b * a.S + t) * a.C + begin;
      for_packs<Real>(0, width, [&](std::int64_t c, auto part) {
        const P upstream = P::load(dy + c, part);
        for (std::int64_t k = 0; k < past.count; ++k) {
          Real* const sum = sums.data() + k * width + c;
          fma(upstream, P::load(past[k] + begin + c, part), P::load(sum, part)).store(sum, part);
        }
      });
    }
    for (std::int64_t c = 0; c < width; ++c) {
      for (std::int64_t k = 0; k < a.KS; ++k) {
        a.dweight[(begin + c) * a.KS + a.KS - 1 - k] +=
            sums[static_cast<std::size_t>(k * width + c)];
      }
    }
  }
}

// The rows [first, last) of every sequence in [state | x]: body(b, s, neighbours).
template <class Real, class Args, class Body>
void for_rows(const Args& a, std::int64_t first, std::int64_t last, const Body& body) {
  const std::int64_t rows = last - first;
  parallel_for(a.B * rows, grain_for(a.C), [&](std::int64_t begin, std::int64_t end) {
    Neighbours<Real> neighbours(a.KS);
    for (std::int64_t i = begin; i < end; ++i) body(i / rows, first + i % rows, neighbours);
  });
}

template <class Real>
void store_state(const Conv1dForward<Real>& a, std::int64_t b) {
  Real* const end = a.last + (b + 1) * (a.KS - 1) * a.C;
  std::fill(end - (a.KS - 1) * a.C, end, Real{0});
  Neighbours<Real> past(a.KS);
  find_past(a, b, a.S - 1, past);
  for (std::int64_t k = 0; k < std::min(past.count, a.KS - 1); ++k) {
    std::copy_n(past[k], a.C, end - (k + 1) * a.C);
  }
}

}  // namespace

template <class Real>
void conv1d_forward(const Conv1dForward<Real>& a) {
  const Taps<Real> taps(a);
  for_rows<Real>(a, 0, a.S, [&](std::int64_t b, std::int64_t t, Neighbours<Real>& past) {
    find_past(a, b, t, past);
    add_taps(taps.last, past, a.bias, a.C, a.y + (b * a.S + t) * a.C);
  });
  for (std::int64_t b = 0; b < a.B; ++b) store_state(a, b);
}

template <class Real>
void conv1d_backward(const Conv1dBackward<Real>& a) {
  const Taps<Real> taps(a);
  const auto backward = [&](std::int64_t b, std::int64_t s, Neighbours<Real>& seen) {
    backward_row(a, taps.last, b, s, seen, row(a, a.dx, a.dstate, b, s));
  };
  // One after the other, since the two gradients might be one buffer.
  if (a.dx != nullptr) for_rows<Real>(a, 0, a.S, backward);
  if (a.dstate != nullptr) for_rows<Real>(a, 1 - a.KS, 0, backward);
  if (a.dweight != nullptr) {
    parallel_for(a.C, 128,
                 [&](std::int64_t begin, std::int64_t end) { backward_weight(a, begin, end); });
  }
}

template void conv1d_forward(const Conv1dForward<float>&);
template void conv1d_forward(const Conv1dForward<double>&);
template void conv1d_backward(const Conv1dBackward<float>&);
template void conv1d_backward(const Conv1dBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
