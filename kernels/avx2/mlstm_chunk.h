// What the chunkwise mLSTM's two directions share: products with triangular matrices, rows of
// numbers, and the sums that stay in double precision for every Real.
#pragma once

#include <algorithm>
#include <type_traits>

#include "kernels/avx2/product.h"
#include "kernels/reference/mlstm_chunk.h"
#include "kernels/reference/mlstm_tasks.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

using reference::mlstm_row;
using reference::MlstmPiece;
using reference::MlstmScratch;
using reference::MlstmStep;

// n numbers in whole packs.
template <class Real>
constexpr std::int64_t padded(std::int64_t n) {
  return (n + Pack<Real>::lanes - 1) / Pack<Real>::lanes * Pack<Real>::lanes;
}

// The lower triangle of c (T, T) = a (T, K) b (K, T), T = p.M = p.N; what lies above it is
// undefined.
template <class Real>
void multiply_to_lower(const Product<Real>& p) {
  for (std::int64_t s = 0; s < p.M; s += tile_columns<Real>) {
    Product<Real> part = p;
    part.M = p.M - s;
    part.N = std::min(part.M, tile_columns<Real>);
    part.a += s * p.a_row;
    part.b += s;
    part.c += s * (p.c_row + 1);
    multiply(part);
  }
}

// c (T, N) = or += a (T, T) b (T, N) with a_ts = 0 for s > t.
template <class Real>
void multiply_by_lower(const Product<Real>& p) {
  for (std::int64_t t = 0; t < p.M; t += tile_rows) {
    Product<Real> part = p;
    part.M = std::min(tile_rows, p.M - t);
    part.K = t + part.M;
    part.a += t * p.a_row;
    part.c += t * p.c_row;
    multiply(part);
  }
}

// c (T, N) = or += a (T, T) b (T, N) with a_st = 0 for t < s.
template <class Real>
void multiply_by_upper(const Product<Real>& p) {
  for (std::int64_t s = 0; s < p.M; s += tile_rows) {
    Product<Real> part = p;
    part.M = std::min(tile_rows, p.M - s);
    part.K = p.M - s;
    part.a += s * (p.a_row + p.a_column);
    part.b += s * p.b_row;
    part.c += s * p.c_row;
    multiply(part);
  }
}

// to = factor from; both may be the same.
template <class Real>
void scale_row(double factor, const Real* from, Real* to, std::int64_t n) {
  const Pack<Real> all = static_cast<Real>(factor);
  for_packs<Real>(0, n, [&](std::int64_t i, auto part) {
    (all * Pack<Real>::load(from + i, part)).store(to + i, part);
  });
}

template <class Real>
Real dot(const Real* x, const Real* y, std::int64_t n) {
  Pack<Real> total;
  for_packs<Real>(0, n, [&](std::int64_t i, auto part) {
    total = fma(Pack<Real>::load(x + i, part), Pack<Real>::load(y + i, part), total);
  });
  return sum(total);
}

inline Doubles lower_half(Floats a) { return _mm256_cvtps_pd(_mm256_castps256_ps128(a.v)); }
inline Doubles upper_half(Floats a) { return _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1)); }

// to[lane] += a b for every lane, in double precision.
inline void add_products(double* to, Floats a, Floats b) {
  constexpr std::int64_t half = Doubles::lanes;
  fma(lower_half(a), lower_half(b), Doubles::load(to)).store(to);
  fma(upper_half(a), upper_half(b), Doubles::load(to + half)).store(to + half);
}
inline void add_products(double* to, Doubles a, Doubles b) {
  fma(a, b, Doubles::load(to)).store(to);
}

// sum + a b, in double precision; which lane goes where is undefined.
inline Doubles add_products(Doubles sum, Floats a, Floats b) {
  return fma(lower_half(a), lower_half(b), fma(upper_half(a), upper_half(b), sum));
}
inline Doubles add_products(Doubles sum, Doubles a, Doubles b) { return fma(a, b, sum); }

// A pack of numbers, rounded to Real.
template <class Real>
inline Pack<Real> load_rounded(const double* from) {
  if constexpr (std::is_same_v<Real, double>) {
    return Doubles::load(from);
  } else {
    return _mm256_set_m128(_mm256_cvtpd_ps(Doubles::load(from + Doubles::lanes).v),
                           _mm256_cvtpd_ps(Doubles::load(from).v));
  }
}

// Makes row t of D from row t − 1. D is padded, and zero from t on.
inline void next_decay_row(double* D, std::int64_t t, const MlstmStep& step) {
  const Doubles decay = step.decay;
  for (std::int64_t s = 0; s < t; s += Doubles::lanes) (decay * Doubles::load(D + s)).store(D + s);
  D[t] = step.input;
}

// The state [C | n], or its gradient.
template <class Real>
struct MlstmState {
  Real* c;  // (DHqk, DHv)
  Real* n;  // (DHqk)
};

// Where the states of a task are in forward's memory.
template <class Real>
struct MlstmStates {
  const MlstmForward<Real>& a;
  std::int64_t task;

  MlstmStates(const MlstmForward<Real>& arguments, std::int64_t number)
      : a(arguments), task(number) {}

  // Null: none.
  MlstmState<const Real> initial() const {
    const auto& in = a.in;
    if (in.c0 == nullptr) return {};
    return {in.c0 + task * in.DHqk * in.DHv, in.n0 + task * in.DHqk};
  }
  // Before step t > 0: one of the states for backward at the start of a chunk, else where the final
  // state will be.
  MlstmState<Real> before(std::int64_t t) const {
    const auto& in = a.in;
    const bool saved = a.chunk_c != nullptr && t < in.S && t % in.chunk_size == 0;
    const std::int64_t chunks = (in.S - 1) / in.chunk_size;
    const std::int64_t at = saved ? task * chunks + t / in.chunk_size - 1 : task;
    return {(saved ? a.chunk_c : a.c) + at * in.DHqk * in.DHv,
            (saved ? a.chunk_n : a.n) + at * in.DHqk};
  }
};

// after = carried before + rowsᵀ [values | last], without the first term for a fresh state.
template <class Real>
struct StateUpdate {
  std::int64_t DHqk, DHv, T;
  double carried;
  bool fresh = false;
  MlstmState<const Real> before;  // may be after
  MlstmState<Real> after;
  const Real* rows;    // (T, DHqk)
  const Real* values;  // (T, DHv), rows value_row apart
  std::int64_t value_row;
  const Real* last;  // (T), last_row apart
  std::int64_t last_row;
};

template <class Real>
void update_state(const StateUpdate<Real>& u) {
  if (!u.fresh) {
    scale_row(u.carried, u.before.c, u.after.c, u.DHqk * u.DHv);
    scale_row(u.carried, u.before.n, u.after.n, u.DHqk);
  }
  multiply<Real>({.M = u.DHqk,
                  .N = u.DHv,
                  .K = u.T,
                  .a = u.rows,
                  .a_row = 1,
                  .a_column = u.DHqk,
                  .b = u.values,
                  .b_row = u.value_row,
                  .c = u.after.c,
                  .c_row = u.DHv,
                  .accumulate = !u.fresh});
  multiply<Real>({.M = 1,
                  .N = u.DHqk,
                  .K = u.T,
                  .a = u.last,
                  .a_row = 0,
                  .a_column = u.last_row,
                  .b = u.rows,
                  .b_row = u.DHqk,
                  .c = u.after.n,
                  .c_row = 0,
                  .accumulate = !u.fresh});
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
