// One step, per head, and its gradient, with g the 4·DH gates of a head, in order i, f, z, o:
//
//   g_t = x_t + b + R h_{t−1}
//
//   dx_t = dg_t        dh_{t−1} = Rᵀ dg_t        dR = Σ_t,b dg_t h_{t−1}ᵀ        db = Σ_t,b dg_t
//
// Where the state was reset, h_{t−1} is zero and no gradient goes back.

#include "kernels/reference/recurrence.h"

namespace carousel::reference {

namespace {

// y += scale · x
template <class Real>
void add_scaled(std::int64_t n, Real scale, const Real* x, Real* y) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) y[i] += scale * x[i];
}

// dR of one gate of one head. Each sequence is summed on its own first: shorter sums, less
// rounding.
template <class Real>
void add_recurrent_gradient(const RecurrenceBackward<Real>& a, std::int64_t head, std::int64_t gate,
                            std::vector<Real>& sum) {
  Real* const dR = a.drecurrent + (head * 4 + gate) * a.DH * a.DH;
  for (std::int64_t b = 0; b < a.B; ++b) {
    std::fill(sum.begin(), sum.end(), Real{0});
    for (std::int64_t t = 0; t < a.S; ++t) {
      const Place p{b, t, head};
      const Real* const h = before(a, a.h, a.h0, p);
      if (h == nullptr) continue;
      const Real* const dg = a.dgates + 4 * row(a, p) + gate * a.DH;
      for (std::int64_t out = 0; out < a.DH; ++out) {
        add_scaled(a.DH, dg[out], h, sum.data() + out * a.DH);
      }
    }
    add_scaled(a.DH * a.DH, Real{1}, sum.data(), dR);
  }
}

// db of one gate of one head.
template <class Real>
void add_bias_gradient(const RecurrenceBackward<Real>& a, std::int64_t head, std::int64_t gate,
                       std::vector<Real>& sum) {
  for (std::int64_t b = 0; b < a.B; ++b) {
    std::fill(sum.begin(), sum.end(), Real{0});
    for (std::int64_t t = 0; t < a.S; ++t) {
      const Real* const dg = a.dgates + 4 * row(a, Place{b, t, head}) + gate * a.DH;
      add_scaled(a.DH, Real{1}, dg, sum.data());
    }
    add_scaled(a.DH, Real{1}, sum.data(), a.dbias + (gate * a.NH + head) * a.DH);
  }
}

}  // namespace

// R with every head transposed, (NH, DH, 4·DH): a column of R is what one h adds to all gates.
template <class Real>
std::vector<Real> recurrent_columns(const RecurrenceForward<Real>& a) {
  const std::int64_t rows = 4 * a.DH;
  std::vector<Real> columns(static_cast<std::size_t>(a.NH * rows * a.DH));
  for (std::int64_t head = 0; head < a.NH; ++head) {
    const Real* const R = a.recurrent + head * rows * a.DH;
    Real* const transposed = columns.data() + head * rows * a.DH;
    for (std::int64_t out = 0; out < rows; ++out) {
      for (std::int64_t in = 0; in < a.DH; ++in) transposed[in * rows + out] = R[out * a.DH + in];
    }
  }
  return columns;
}

template <class Real>
void compute_gates(const RecurrenceForward<Real>& a, const std::vector<Real>& columns,
                   const Tile& tile, std::int64_t t) {
  const std::int64_t rows = 4 * a.DH;
  std::array<const Real*, Tile::sequences> h;
  std::array<Real*, Tile::sequences> g;
  for (std::int64_t b = tile.begin; b < tile.end; ++b) {
    const Place p{b, t, tile.head};
    const auto i = static_cast<std::size_t>(b - tile.begin);
    h[i] = before(a, a.h, a.h0, p);
    g[i] = a.gates + 4 * row(a, p);
    for (std::int64_t gate = 0; gate < 4; ++gate) {
      const Real* const x = a.x[static_cast<std::size_t>(gate)] + row(a, p);
      const Real* const bias = a.bias + (gate * a.NH + tile.head) * a.DH;
      std::transform(x, x + a.DH, bias, g[i] + gate * a.DH, std::plus<>());
    }
  }
  for (std::int64_t in = 0; in < a.DH; ++in) {
    const Real* const column = columns.data() + (tile.head * a.DH + in) * rows;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tile.end - tile.begin); ++i) {
      if (h[i] != nullptr) add_scaled(rows, h[i][in], column, g[i]);
    }
  }
}

template <class Real>
void add_to_inputs(const RecurrenceBackward<Real>& a, const Place& p) {
  const Real* dg = a.dgates + 4 * row(a, p);
  for (Real* const dx : a.dx) {
    if (dx != nullptr) add_scaled(a.DH, Real{1}, dg, dx + row(a, p));
    dg += a.DH;
  }
}

// Replaces dh, (B, NH, DH), by the part of dh_{t−1} that comes through R.
template <class Real>
void through_recurrent(const RecurrenceBackward<Real>& a, const Tile& tile, std::int64_t t,
                       Real* dh) {
  std::array<const Real*, Tile::sequences> dg;
  Real* const dh_tile = dh + state_row(a, {tile.begin, t, tile.head});
  const std::int64_t stride = a.NH * a.DH, sequences = tile.end - tile.begin;
  for (std::int64_t i = 0; i < sequences; ++i) {
    const Place p{tile.begin + i, t, tile.head};
    const bool crosses = !a.gradient.cut && before(a, a.h, a.h0, p) != nullptr;
    dg[static_cast<std::size_t>(i)] = crosses ? a.dgates + 4 * row(a, p) : nullptr;
    std::fill_n(dh_tile + i * stride, a.DH, Real{0});
  }
  for (std::int64_t out = 0; out < 4 * a.DH; ++out) {
    const Real* const R = a.recurrent + (tile.head * 4 * a.DH + out) * a.DH;
    for (std::int64_t i = 0; i < sequences; ++i) {
      const Real* const dg_i = dg[static_cast<std::size_t>(i)];
      if (dg_i != nullptr) add_scaled(a.DH, dg_i[out], R, dh_tile + i * stride);
    }
  }
  if (a.gradient.clip > 0) {
    const auto clip = static_cast<Real>(a.gradient.clip);
    for (std::int64_t i = 0; i < sequences; ++i) {
      Real* const d = dh_tile + i * stride;
      std::transform(d, d + a.DH, d, [clip](Real x) { return std::clamp(x, -clip, clip); });
    }
  }
}

template <class Real>
void add_weight_gradients(const RecurrenceBackward<Real>& a) {
  // One after the other, since the two gradients might be one buffer.
  if (a.drecurrent != nullptr) {
    const std::int64_t cost = a.B * a.S * a.DH * a.DH;
    parallel_for(a.NH * 4, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
      std::vector<Real> sum(static_cast<std::size_t>(a.DH * a.DH));
      for (std::int64_t i = begin; i < end; ++i) add_recurrent_gradient(a, i / 4, i % 4, sum);
    });
  }
  if (a.dbias != nullptr) {
    parallel_for(a.NH * 4, grain_for(a.B * a.S * a.DH), [&](std::int64_t begin, std::int64_t end) {
      std::vector<Real> sum(static_cast<std::size_t>(a.DH));
      for (std::int64_t i = begin; i < end; ++i) add_bias_gradient(a, i / 4, i % 4, sum);
    });
  }
}

template std::vector<float> recurrent_columns(const RecurrenceForward<float>&);
template std::vector<double> recurrent_columns(const RecurrenceForward<double>&);
template void compute_gates(const RecurrenceForward<float>&, const std::vector<float>&, const Tile&,
                            std::int64_t);
template void compute_gates(const RecurrenceForward<double>&, const std::vector<double>&,
                            const Tile&, std::int64_t);
template void add_to_inputs(const RecurrenceBackward<float>&, const Place&);
template void add_to_inputs(const RecurrenceBackward<double>&, const Place&);
template void through_recurrent(const RecurrenceBackward<float>&, const Tile&, std::int64_t,
                                float*);
template void through_recurrent(const RecurrenceBackward<double>&, const Tile&, std::int64_t,
                                double*);
template void add_weight_gradients(const RecurrenceBackward<float>&);
template void add_weight_gradients(const RecurrenceBackward<double>&);

}  // namespace carousel::reference
