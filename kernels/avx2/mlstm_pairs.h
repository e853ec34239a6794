// What pairs of positions in a piece make of the gradients in the chunkwise mLSTM's backward; the
// equations are those of mlstm_chunkwise_backward.cpp.
#pragma once

#include <utility>

#include "kernels/avx2/mlstm_chunk.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

// What backward holds of a piece, and of the state after it.
template <class Real>
struct MlstmBackwardTile {
  std::int64_t columns;  // L, padded
  Real* keys;            // (DHqk, columns)   Kᵀ
  Real* values;          // (DHv, columns)    Vᵀ
  Real* G;               // (L, DHv)
  Real* delta;           // (columns)
  Real* A;               // (L, columns)
  Real* dS;              // (L, columns)
  Real* D;               // (L, columns)      κD
  Real* rows;            // (L, DHqk)         X, Y, w ⊙ K or e ⊙ Q
  Real* transposed;      // (DHv, DHqk)       C_0ᵀ or dC_Tᵀ
  Real* dc;              // (DHqk, DHv)
  Real* dn;              // (DHqk)
  double* decays;        // (columns)         a row of D, at last D_T
  double* sums;          // (columns)         Σ_t A_ts dA_ts
  double* carried;       // (columns)         e_t

  MlstmBackwardTile(const MlstmInputs<Real>& in, Real* memory, double* doubles)
      : columns(padded<Real>(std::min(in.S, in.chunk_size))),
        keys(memory),
        values(keys + in.DHqk * columns),
        G(values + in.DHv * columns),
        delta(G + in.DHv * columns),
        A(delta + columns),
        dS(A + columns * columns),
        D(dS + columns * columns),
        rows(D + columns * columns),
        transposed(rows + columns * in.DHqk),
        dc(transposed + in.DHqk * in.DHv),
        dn(dc + in.DHqk * in.DHv),
        decays(doubles),
        sums(decays + columns),
        carried(sums + columns) {}

  static std::int64_t size(const MlstmInputs<Real>& in) {
    const std::int64_t columns = padded<Real>(std::min(in.S, in.chunk_size));
    return columns * (2 * in.DHqk + 2 * in.DHv + 3 * columns + 1) + (2 * in.DHv + 1) * in.DHqk;
  }
  static std::int64_t doubles(const MlstmInputs<Real>& in) {
    return 3 * padded<Real>(std::min(in.S, in.chunk_size));
  }
};

// One piece, and where it lies in memory.
template <class Real>
struct MlstmBackwardPiece : MlstmPiece {
  std::int64_t first, qk_row, v_row;  // the row of step 0; how far apart rows lie
  const Real *q, *k, *v;              // step 0
  const Real *c0, *n0;                // the state before the piece, unless it is fresh
};

// x·y in double precision.
template <class Real>
double exact_dot(const Real* x, const Real* y, std::int64_t n) {
  using P = Pack<Real>;
  Doubles total;
  for_packs<Real>(0, n, [&](std::int64_t i, auto part) {
    total = add_products(total, P::load(x + i, part), P::load(y + i, part));
  });
  return sum(total);
}

// G and δ, which reference/mlstm_gates.h defines, and what eps makes of M.
template <class Real>
void load_upstream(const MlstmBackward<Real>& a, const MlstmBackwardPiece<Real>& piece,
                   const MlstmScratch<Real>& scratch, const MlstmBackwardTile<Real>& tile) {
  const std::int64_t DHv = a.in.DHv;
  for (std::int64_t t = 0; t < piece.size(); ++t) {
    const std::int64_t row = piece.first + t * a.in.NH;
    const double m = scratch.steps[piece.begin + t].m, den = static_cast<double>(a.den[row]);
    const double n = reference::mlstm_normaliser(den, m, a.in.eps);
    const double along = exact_dot(a.dh + row * DHv, a.h + row * DHv, DHv) / n;
    scale_row(1 / n, a.dh + row * DHv, tile.G + t * DHv, DHv);
    tile.delta[t] =
        reference::mlstm_guarded(den, m) ? Real{0} : static_cast<Real>(den > 0 ? -along : along);
    scratch.d.m[piece.begin + t] -= along * a.in.eps;
  }
}

// κD, with zeros above its diagonal, and e_t.
template <class Real>
void fill_decays(const MlstmInputs<Real>& in, const MlstmBackwardPiece<Real>& piece,
                 const MlstmStep* steps, const MlstmBackwardTile<Real>& tile) {
  const Pack<Real> kappa = static_cast<Real>(in.query_scale * in.key_scale);
  std::fill_n(tile.decays, tile.columns, 0.0);
  double carried = 1;
  for (std::int64_t t = 0; t < piece.size(); ++t) {
    const MlstmStep& step = steps[piece.begin + t];
    next_decay_row(tile.decays, t, step);
    for (std::int64_t s = 0; s < tile.columns; s += Pack<Real>::lanes) {
      (kappa * load_rounded<Real>(tile.decays + s)).store(tile.D + t * tile.columns + s);
    }
    carried *= step.decay;
    tile.carried[t] = carried;
  }
}

// A and dS from Q Kᵀ and G Vᵀ, and what the products p_ts = A_ts dA_ts are to the gates:
//   dĩ_s += Σ_{t≥s} p_ts        dlogf_r += Σ_{t≥r} Σ_{s<r} p_ts
// Row by row from the last, so that what crosses r is a sum over s of Σ_{t≥r} p_ts.
template <class Real>
void backward_scores(const MlstmBackwardPiece<Real>& piece, const MlstmScratch<Real>& scratch,
                     const MlstmBackwardTile<Real>& tile) {
  using P = Pack<Real>;
  std::fill_n(tile.sums, tile.columns, 0.0);
  for (std::int64_t t = piece.size(); t-- > 0;) {
    const Real* const D = tile.D + t * tile.columns;
    Real* const A = tile.A + t * tile.columns;
    Real* const dS = tile.dS + t * tile.columns;
    const P delta = tile.delta[t];
    for_packs<Real>(0, t + 1, [&](std::int64_t s, auto part) {
      const P weight = P::load(D + s), score = P::load(A + s, part) * weight;
      const P dA = P::load(dS + s, part) + delta;
      score.store(A + s);
      (dA * weight).store(dS + s);
      add_products(tile.sums + s, score, dA);
    });
    std::fill(A + padded<Real>(t + 1), A + tile.columns, Real{0});
    std::fill(dS + padded<Real>(t + 1), dS + tile.columns, Real{0});

    Doubles crossing;
    for_packs<double>(0, t, [&](std::int64_t s, auto part) {
      crossing = crossing + Doubles::load(tile.sums + s, part);
    });
    scratch.d.log_f[piece.begin + t] += sum(crossing);
    scratch.d.i[piece.begin + t] += tile.sums[t];
  }
}

// A, dS and what they make of dQ, dK, dV and the gates.
template <class Real>
void backward_pairs(const MlstmBackward<Real>& a, const MlstmBackwardPiece<Real>& piece,
                    const MlstmScratch<Real>& scratch, const MlstmBackwardTile<Real>& tile) {
  const std::int64_t DHqk = a.in.DHqk, DHv = a.in.DHv, T = piece.size(), columns = tile.columns;
  transpose(piece.k, piece.qk_row, T, DHqk, tile.keys, columns);
  transpose(piece.v, piece.v_row, T, DHv, tile.values, columns);
  const Product<Real> scores{.M = T,
                             .N = T,
                             .K = DHqk,
                             .a = piece.q,
                             .a_row = piece.qk_row,
                             .a_column = 1,
                             .b = tile.keys,
                             .b_row = columns,
                             .c = tile.A,
                             .c_row = columns};
  multiply_to_lower(scores);
  Product<Real> dscores = scores;
  dscores.K = DHv;
  dscores.a = tile.G;
  dscores.a_row = DHv;
  dscores.b = tile.values;
  dscores.c = tile.dS;
  multiply_to_lower(dscores);
  backward_scores(piece, scratch, tile);

  Product<Real> into{.M = T,
                     .N = DHqk,
                     .K = T,
                     .a = tile.dS,
                     .a_row = columns,
                     .a_column = 1,
                     .b = piece.k,
                     .b_row = piece.qk_row,
                     .c = nullptr,
                     .c_row = piece.qk_row,
                     .accumulate = true};
  if (a.dq != nullptr) {
    into.c = a.dq + piece.first * DHqk;
    multiply_by_lower(into);
  }
  std::swap(into.a_row, into.a_column);
  if (a.dk != nullptr) {
    into.b = piece.q;
    into.c = a.dk + piece.first * DHqk;
    multiply_by_upper(into);
  }
  if (a.dv != nullptr) {
    into.N = DHv;
    into.a = tile.A;
    into.b = tile.G;
    into.b_row = DHv;
    into.c = a.dv + piece.first * DHv;
    into.c_row = piece.v_row;
    multiply_by_upper(into);
  }
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
