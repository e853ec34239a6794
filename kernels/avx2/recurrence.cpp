// One step, per head, and its gradient, with g the 4·DH gates of a head, in order i, f, z, o:
//
//   g_t = x_t + b + R h_{t−1}
//
//   dx_t = dg_t        dh_{t−1} = Rᵀ dg_t        dR = Σ_t,b dg_t h_{t−1}ᵀ        db = Σ_t,b dg_t
//
// The sum for dR is a product of matrices over a block of steps, since its terms wait for nothing.

#include "kernels/avx2/recurrence.h"

#include "kernels/avx2/product.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

constexpr std::size_t size_of(std::int64_t n) { return static_cast<std::size_t>(n); }

// c (rows, …) = a · (K, panels × width): with eight or more sums under way, no fma waits for
// another.
template <int rows, int panels, class Real>
inline void multiply_panels(const Real* const* a, std::int64_t K, const Real* b, Real* c,
                            std::int64_t c_row, std::int64_t columns) {
  using P = Pack<Real>;
  constexpr std::int64_t width = Panels<Real>::width;
  P sum[rows][2 * panels];
  for (std::int64_t k = 0; k < K; ++k, b += width) {
    for (int j = 0; j < panels; ++j) {
      const P left = P::load(b + j * K * width), right = P::load(b + j * K * width + P::lanes);
      for (int i = 0; i < rows; ++i) {
        const P row = a[i][k];
        sum[i][2 * j] = fma(row, left, sum[i][2 * j]);
        sum[i][2 * j + 1] = fma(row, right, sum[i][2 * j + 1]);
      }
    }
  }
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < 2 * panels; ++j) {
      const std::int64_t left = columns - j * P::lanes;
      Real* const to = c + i * c_row + j * P::lanes;
      if (left >= P::lanes) {
        sum[i][j].store(to);
      } else if (left > 0) {
        sum[i][j].store(to, First{left});
      }
    }
  }
}

// As many panels at a time as leave rows × panels sums in registers.
template <int rows, class Real>
void multiply_rows(const Real* const* a, std::int64_t K, std::int64_t N, const Real* b, Real* c,
                   std::int64_t c_row) {
  constexpr std::int64_t width = Panels<Real>::width;
  constexpr int together = rows == 1 ? 4 : rows <= 3 ? 2 : 1;
  std::int64_t j = 0;
  for (; N - j > (together - 1) * width; j += together * width) {
    multiply_panels<rows, together>(a, K, b + j * K, c + j, c_row, N - j);
  }
  for (; j < N; j += width) multiply_panels<rows, 1>(a, K, b + j * K, c + j, c_row, N - j);
}

}  // namespace

template <class Real>
void Panels<Real>::fill(const Real* matrix, std::int64_t rows, std::int64_t columns) {
  K = rows, N = columns;
  const std::int64_t panels = (N + width - 1) / width;
  values.assign(size_of(panels * K * width), Real{0});
  for (std::int64_t j = 0; j < N; j += width) {
    for (std::int64_t k = 0; k < K; ++k) {
      std::copy_n(matrix + k * columns + j, std::min(width, N - j),
                  values.data() + j * K + k * width);
    }
  }
}

template <class Real>
void Panels<Real>::fill_transposed(const Real* matrix, std::int64_t rows, std::int64_t columns) {
  K = columns, N = rows;
  const std::int64_t panels = (N + width - 1) / width;
  values.assign(size_of(panels * K * width), Real{0});
  for (std::int64_t j = 0; j < N; j += width) {
    transpose(matrix + j * columns, columns, std::min(width, N - j), columns, values.data() + j * K,
              width);
  }
}

template <class Real>
void Panels<Real>::multiply(const Real* const* a, std::int64_t M, Real* c,
                            std::int64_t c_row) const {
  const Real* const b = values.data();
  switch (M) {
    case 1:
      return multiply_rows<1>(a, K, N, b, c, c_row);
    case 2:
      return multiply_rows<2>(a, K, N, b, c, c_row);
    case 3:
      return multiply_rows<3>(a, K, N, b, c, c_row);
    case 4:
      return multiply_rows<4>(a, K, N, b, c, c_row);
    case 5:
      return multiply_rows<5>(a, K, N, b, c, c_row);
    case 6:
      return multiply_rows<6>(a, K, N, b, c, c_row);
    default:
      multiply_rows<4>(a, K, N, b, c, c_row);
      return multiply(a + 4, M - 4, c + 4 * c_row, c_row);
  }
}

template <class Real>
Mixing<Real>::Mixing(const RecurrenceForward<Real>& a_, const Tile& tile_)
    : a(a_), tile(tile_), zeros(size_of(a_.DH)), mixed(size_of(tile_.size() * 4 * a_.DH)) {}

template <class Real>
void Mixing<Real>::step(std::int64_t t) {
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
    panels.multiply(h.data(), tile.size(), mixed.data(), rows);
  } else {
    // A single step uses R once: a piece at a time, which stays in the first cache.
    const std::int64_t piece = 4 * Panels<Real>::width;
    for (std::int64_t j = 0; j < rows; j += piece) {
      panels.fill_transposed(R + j * a.DH, std::min(piece, rows - j), a.DH);
      panels.multiply(h.data(), tile.size(), mixed.data() + j, rows);
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
void GateGradients<Real>::through_recurrent(std::int64_t t, Real* dh) {
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
  if (any) panels.multiply(dg.data(), tile.size(), dh_tile, a.NH * a.DH);
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

template class Panels<float>;
template class Panels<double>;
template class Mixing<float>;
template class Mixing<double>;
template class GateGradients<float>;
template class GateGradients<double>;
template struct WeightGradients<float>;
template struct WeightGradients<double>;

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
