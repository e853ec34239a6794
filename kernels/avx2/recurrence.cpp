// One step, per head, and its gradient, with g the 4·DH gates of a head, in order i, f, z, o:
//
//   g_t = x_t + b + R h_{t−1}
//
//   dx_t = dg_t        dh_{t−1} = Rᵀ dg_t        dR = Σ_t,b dg_t h_{t−1}ᵀ        db = Σ_t,b dg_t
//
// The sum for dR is a product of matrices over a block of steps, since its terms wait for nothing.

#include "kernels/avx2/recurrence.h"

#include "kernels/avx2/dots.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

constexpr std::size_t size_of(std::int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace

template <class Real>
Ahead<Real> rows_ahead(const RecurrenceForward<Real>& a, const Tile& tile, Arrays<Real> states) {
  Ahead<Real> ahead;
  if (a.S < 2) return ahead;
  const std::int64_t step = a.NH * a.DH;
  for (std::int64_t b = tile.begin; b < tile.end; ++b) {
    const std::int64_t at = row(a, {b, 0, tile.head});
    for (const Real* const x : a.x) ahead.add(x + at, a.DH, step);
    for (int gate = 0; gate < 4; ++gate) ahead.add(a.gates + 4 * at + gate * a.DH, a.DH, 4 * step);
    ahead.add(a.h + at, a.DH, step);
    for (const Real* const state : states) ahead.add(state + at, a.DH, step);
  }
  return ahead;
}

template <class Real>
Ahead<Real> rows_ahead(const RecurrenceBackward<Real>& a, const Tile& tile, Arrays<Real> states) {
  Ahead<Real> ahead;
  if (a.S < 2) return ahead;
  const std::int64_t step = -a.NH * a.DH;
  for (std::int64_t b = tile.begin; b < tile.end; ++b) {
    const std::int64_t at = row(a, {b, a.S - 1, tile.head}), before = at + step;
    for (int gate = 0; gate < 4; ++gate) ahead.add(a.gates + 4 * at + gate * a.DH, a.DH, 4 * step);
    ahead.add(a.dh + at, a.DH, step);
    for (const Real* const dx : a.dx) {
      if (dx != nullptr) ahead.add(dx + at, a.DH, step);
    }
    ahead.add(a.h + before, a.DH, step);
    for (const Real* const state : states) ahead.add(state + before, a.DH, step);
  }
  return ahead;
}

template <class Real>
Mixing<Real>::Mixing(const RecurrenceForward<Real>& a_, const Tile& tile_)
    : a(a_), tile(tile_), zeros(size_of(a_.DH)), mixed(size_of(tile_.size() * 4 * a_.DH)) {}

template <class Real>
void Mixing<Real>::step(std::int64_t t, Ahead<Real>& ahead) {
  const std::int64_t rows = 4 * a.DH;
  const Real* const R = a.recurrent + tile.head * rows * a.DH;
  std::array<const Real*, size_of(Tile::most)> h{};
  bool carried = false;
  for (std::int64_t b = tile.begin; b < tile.end; ++b) {
    const Real* const state = before(a, a.h, a.h0, zeros.data(), {b, t, tile.head});
    h[size_of(b - tile.begin)] = state;
    carried = carried || state != zeros.data();
  }
  if (!carried) {
    std::fill(mixed.begin(), mixed.end(), Real{0});
  } else if (a.S > 1) {
    if (!packed) panels.fill_transposed(R, rows, a.DH);
    packed = true;
    panels.multiply(h.data(), tile.size(), mixed.data(), rows, ahead);
  } else {
    // A single step uses R once, where it lies: a piece at a time, which stays in the cache.
    constexpr std::int64_t piece = 64;
    for (std::int64_t j = 0; j < rows; j += piece) {
      for (std::int64_t b = tile.begin; b < tile.end; ++b) {
        Real* const to = of(b);
        multiply_lanes<1>(h[size_of(b - tile.begin)], a.DH, 1, Factor<Real>{R, a.DH, 1}, j,
                          std::min(rows, j + piece), a.DH,
                          [to](std::int64_t, std::int64_t lane, Real dot) { to[lane] = dot; });
      }
    }
  }
}

namespace {

// Rows of a block. The strides are no power of two, so that a column does not fall into a few sets
// of the cache.
constexpr std::int64_t block = 128, odd = 16;

}  // namespace

template <class Real>
GateGradients<Real>::GateGradients(const RecurrenceBackward<Real>& a_, const Tile& tile_)
    : a(a_), tile(tile_), gates_row(4 * a_.DH + odd), h_row(a_.DH + odd), zeros(size_of(a_.DH)) {
  const std::int64_t rows = std::max(tile.size(), std::min(block, tile.size() * a.S));
  dgates.resize(size_of(rows * gates_row));
  h.resize(size_of(rows * h_row));
  if (a.drecurrent != nullptr) drecurrent.resize(size_of(4 * a.DH * a.DH));
  if (a.dbias != nullptr) dbias.resize(size_of(4 * a.DH));
  if (!a.gradient.cut) {
    panels.fill(a.recurrent + tile.head * 4 * a.DH * a.DH, 4 * a.DH, a.DH);
  }
}

template <class Real>
void GateGradients<Real>::through_recurrent(std::int64_t t, Real* dh, Ahead<Real>& ahead) {
  std::array<const Real*, size_of(Tile::most)> dg{};
  std::array<bool, size_of(Tile::most)> carried{};
  for (std::int64_t b = tile.begin; b < tile.end; ++b) {
    const auto i = size_of(b - tile.begin);
    dg[i] = of(b);
    carried[i] = before(a, a.h, a.h0, zeros.data(), {b, t, tile.head}) != zeros.data();
  }
  Real* const dh_tile = dh + state_row(a, {tile.begin, t, tile.head});
  const bool any =
      !a.gradient.cut && std::find(carried.begin(), carried.end(), true) != carried.end();
  if (any) panels.multiply(dg.data(), tile.size(), dh_tile, a.NH * a.DH, ahead);
  for (std::int64_t i = 0; i < tile.size(); ++i) {
    Real* const d = dh_tile + i * a.NH * a.DH;
    if (!any || !carried[size_of(i)]) {
      std::fill_n(d, a.DH, Real{0});
    } else if (a.gradient.clip > 0) {
      const auto clip = static_cast<Real>(a.gradient.clip);
      std::transform(d, d + a.DH, d, [clip](Real x) { return std::clamp(x, -clip, clip); });
    }
  }
}

template <class Real>
void GateGradients<Real>::finish_step(std::int64_t t) {
  if (!drecurrent.empty()) {
    for (std::int64_t b = tile.begin; b < tile.end; ++b) {
      const Real* const state = before(a, a.h, a.h0, zeros.data(), {b, t, tile.head});
      std::copy_n(state, a.DH, h.data() + (used + b - tile.begin) * h_row);
    }
  }
  used += tile.size();
  if (t == 0 || used + tile.size() > block) add_block();
}

template <class Real>
void GateGradients<Real>::add_block() {
  using P = Pack<Real>;
  if (!drecurrent.empty()) {
    multiply(Product<Real>{.M = 4 * a.DH,
                           .N = a.DH,
                           .K = used,
                           .a = dgates.data(),
                           .a_row = 1,
                           .a_column = gates_row,
                           .b = h.data(),
                           .b_row = h_row,
                           .c = drecurrent.data(),
                           .c_row = a.DH,
                           .accumulate = true});
  }
  if (!dbias.empty()) {
    for_packs<Real>(0, 4 * a.DH, [&](std::int64_t j, auto part) {
      P sum;
      for (std::int64_t i = 0; i < used; ++i) {
        sum = sum + P::load(dgates.data() + i * gates_row + j, part);
      }
      (P::load(dbias.data() + j, part) + sum).store(dbias.data() + j, part);
    });
  }
  used = 0;
}

template <class Real>
void WeightGradients<Real>::add_to(const RecurrenceBackward<Real>& a) const {
  const std::int64_t tiles = tiles_of(a.B), rows = 4 * a.DH;
  // One after the other, since the two gradients might be one buffer.
  if (a.drecurrent != nullptr) {
    parallel_for(a.NH * rows, grain_for(tiles * a.DH), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        for (std::int64_t task = i / rows * tiles; task < (i / rows + 1) * tiles; ++task) {
          const Real* const from = drecurrent[size_of(task)].data() + i % rows * a.DH;
          Real* const to = a.drecurrent + i * a.DH;
          std::transform(from, from + a.DH, to, to, std::plus<>());
        }
      }
    });
  }
  if (a.dbias != nullptr) {
    for (std::int64_t task = 0; task < a.NH * tiles; ++task) {
      for (std::int64_t gate = 0; gate < 4; ++gate) {
        const Real* const from = dbias[size_of(task)].data() + gate * a.DH;
        Real* const to = a.dbias + (gate * a.NH + task / tiles) * a.DH;
        std::transform(from, from + a.DH, to, to, std::plus<>());
      }
    }
  }
}

template Ahead<float> rows_ahead(const RecurrenceForward<float>&, const Tile&, Arrays<float>);
template Ahead<double> rows_ahead(const RecurrenceForward<double>&, const Tile&, Arrays<double>);
template Ahead<float> rows_ahead(const RecurrenceBackward<float>&, const Tile&, Arrays<float>);
template Ahead<double> rows_ahead(const RecurrenceBackward<double>&, const Tile&, Arrays<double>);
template class Mixing<float>;
template class Mixing<double>;
template class GateGradients<float>;
template class GateGradients<double>;
template struct WeightGradients<float>;
template struct WeightGradients<double>;

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
