// The chunkwise form backwards, in products of matrices. Notation and derivation are those of
// kernels/reference/mlstm_chunkwise_backward.cpp; per piece of T steps, with κ for both scales
// together, e for query_scale e_t, w for key_scale D_Ts, G and δ for the gradients of num and den,
//
//   A = (Q Kᵀ) ⊙ κD        dS = (G Vᵀ + δ 1ᵀ) ⊙ κD
//   dQ += dS K + X         X = e ⊙ (G C_0ᵀ + δ n_0ᵀ)
//   dK += dSᵀ Q + Y        Y = w ⊙ (V dC_Tᵀ + 1 dn_Tᵀ)
//   dV += Aᵀ G + (w ⊙ K) dC_T
//   dC_0 = e_T dC_T + (e ⊙ Q)ᵀ G           dn_0 = e_T dn_T + (e ⊙ Q)ᵀ δ
//
// Q, K, V and their gradients stay where they are.

#include <vector>

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/mlstm_pairs.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

namespace {

// dx += weight (row + rest n) for a row of X or Y; returns x·(weight (row + rest n)).
template <class Real>
double add_state_row(double weight, const Real* row, Real rest, const Real* n, const Real* x,
                     Real* dx, std::int64_t size) {
  using P = Pack<Real>;
  const P scale = static_cast<Real>(weight), factor = rest;
  P along;
  for_packs<Real>(0, size, [&](std::int64_t j, auto part) {
    const P value = scale * fma(factor, P::load(n + j, part), P::load(row + j, part));
    along = fma(P::load(x + j, part), value, along);
    if (dx != nullptr) (P::load(dx + j, part) + value).store(dx + j, part);
  });
  return static_cast<double>(sum(along));
}

// X: what the state before the piece makes of dQ and the gates.
template <class Real>
void backward_carried(const MlstmBackward<Real>& a, const MlstmBackwardPiece<Real>& piece,
                      const MlstmScratch<Real>& scratch, const MlstmBackwardTile<Real>& tile) {
  const std::int64_t DHqk = a.in.DHqk, DHv = a.in.DHv, T = piece.size();
  transpose(piece.c0, DHv, DHqk, DHv, tile.transposed, DHqk);
  multiply<Real>({.M = T,
                  .N = DHqk,
                  .K = DHv,
                  .a = tile.G,
                  .a_row = DHv,
                  .a_column = 1,
                  .b = tile.transposed,
                  .b_row = DHqk,
                  .c = tile.rows,
                  .c_row = DHqk});
  double crossing = 0;
  for (std::int64_t t = T; t-- > 0;) {
    Real* const dq = a.dq == nullptr ? nullptr : a.dq + (piece.first + t * a.in.NH) * DHqk;
    crossing += add_state_row(a.in.query_scale * tile.carried[t], tile.rows + t * DHqk,
                              tile.delta[t], piece.n0, piece.q + t * piece.qk_row, dq, DHqk);
    scratch.d.log_f[piece.begin + t] += crossing;
  }
}

// Y: what the state after the piece makes of dK, dV and the gates.
template <class Real>
void backward_left(const MlstmBackward<Real>& a, const MlstmBackwardPiece<Real>& piece,
                   const MlstmScratch<Real>& scratch, const MlstmBackwardTile<Real>& tile) {
  const std::int64_t DHqk = a.in.DHqk, DHv = a.in.DHv, T = piece.size();
  transpose(tile.dc, DHv, DHqk, DHv, tile.transposed, DHqk);
  multiply<Real>({.M = T,
                  .N = DHqk,
                  .K = DHv,
                  .a = piece.v,
                  .a_row = piece.v_row,
                  .a_column = 1,
                  .b = tile.transposed,
                  .b_row = DHqk,
                  .c = tile.rows,
                  .c_row = DHqk});
  double effect = 0, along = 0;  // ⟨dĈ_T, Ĉ_T⟩ is the sum of both
  for (std::int64_t s = 0; s < T; ++s) {
    const double weight = a.in.key_scale * tile.decays[s];
    const Real* const k = piece.k + s * piece.qk_row;
    Real* const dk = a.dk == nullptr ? nullptr : a.dk + (piece.first + s * a.in.NH) * DHqk;
    Real* const row = tile.rows + s * DHqk;
    scratch.p[s] = add_state_row(weight, row, Real{1}, tile.dn, k, dk, DHqk);
    effect += scratch.p[s];
    scale_row(weight, k, row, DHqk);
  }
  if (!piece.fresh) {
    for (std::int64_t j = 0; j < DHqk; ++j) {
      along += static_cast<double>(dot(tile.dc + j * DHv, piece.c0 + j * DHv, DHv));
    }
    along = tile.carried[T - 1] * (along + static_cast<double>(dot(tile.dn, piece.n0, DHqk)));
  }
  reference::mlstm_add_row(scratch.d, scratch.p, along, piece.begin, piece.end - 1);
  if (piece.end == a.in.S) scratch.d.m[piece.end - 1] -= effect + along;
  if (a.dv == nullptr) return;
  multiply<Real>({.M = T,
                  .N = DHv,
                  .K = DHqk,
                  .a = tile.rows,
                  .a_row = DHqk,
                  .a_column = 1,
                  .b = tile.dc,
                  .b_row = DHv,
                  .c = a.dv + piece.first * DHv,
                  .c_row = piece.v_row,
                  .accumulate = true});
}

// dC_0 and dn_0 from dC_T and dn_T.
template <class Real>
void backward_state(const MlstmBackward<Real>& a, const MlstmBackwardPiece<Real>& piece,
                    const MlstmBackwardTile<Real>& tile) {
  const std::int64_t DHqk = a.in.DHqk, DHv = a.in.DHv, T = piece.size();
  if (piece.fresh) {
    std::fill_n(tile.dc, DHqk * DHv, Real{0});
    std::fill_n(tile.dn, DHqk, Real{0});
    return;
  }
  for (std::int64_t t = 0; t < T; ++t) {
    scale_row(a.in.query_scale * tile.carried[t], piece.q + t * piece.qk_row, tile.rows + t * DHqk,
              DHqk);
  }
  update_state<Real>({.DHqk = DHqk,
                      .DHv = DHv,
                      .T = T,
                      .carried = tile.carried[T - 1],
                      .before = {tile.dc, tile.dn},
                      .after = {tile.dc, tile.dn},
                      .rows = tile.rows,
                      .values = tile.G,
                      .value_row = DHv,
                      .last = tile.delta,
                      .last_row = 1});
}

template <class Real>
void backward_task(const MlstmBackward<Real>& a, std::int64_t task,
                   const MlstmScratch<Real>& scratch) {
  const auto& in = a.in;
  const std::int64_t size = in.DHqk * in.DHv, chunks = (in.S - 1) / in.chunk_size;
  std::vector<double> doubles(static_cast<std::size_t>(MlstmBackwardTile<Real>::doubles(in)));
  const MlstmBackwardTile<Real> tile(in, scratch.memory, doubles.data());
  std::copy_n(a.dc + task * size, size, tile.dc);
  std::copy_n(a.dn + task * in.DHqk, in.DHqk, tile.dn);
  for (std::int64_t begin = 0, end = in.S; end > 0; end = begin) {
    for (begin = end - 1; !reference::mlstm_starts_piece(in, task, begin);) --begin;
    const std::int64_t first = mlstm_row(in, task, begin);
    MlstmBackwardPiece<Real> piece{{task, begin, end, reference::mlstm_fresh(in, task, begin)},
                                   first,
                                   in.NH * in.DHqk,
                                   in.NH * in.DHv,
                                   in.q + first * in.DHqk,
                                   in.k + first * in.DHqk,
                                   in.v + first * in.DHv,
                                   nullptr,
                                   nullptr};
    if (!piece.fresh) {
      const std::int64_t at = begin == 0 ? task : task * chunks + begin / in.chunk_size - 1;
      piece.c0 = (begin == 0 ? in.c0 : a.chunk_c) + at * size;
      piece.n0 = (begin == 0 ? in.n0 : a.chunk_n) + at * in.DHqk;
    }
    load_upstream(a, piece, scratch, tile);
    fill_decays(in, piece, scratch.steps, tile);
    backward_pairs(a, piece, scratch, tile);
    if (!piece.fresh) backward_carried(a, piece, scratch, tile);
    backward_left(a, piece, scratch, tile);
    backward_state(a, piece, tile);
  }
  for (std::int64_t j = 0; a.dc0 != nullptr && j < size; ++j) a.dc0[task * size + j] += tile.dc[j];
  for (std::int64_t j = 0; a.dn0 != nullptr && j < in.DHqk; ++j) {
    a.dn0[task * in.DHqk + j] += tile.dn[j];
  }
  reference::mlstm_finish_gates(a, task, scratch.steps, scratch.d);
}

}  // namespace

template <class Real>
void mlstm_chunkwise_backward(const MlstmBackward<Real>& a) {
  reference::mlstm_tasks(a.in, MlstmBackwardTile<Real>::size(a.in),
                         [&](std::int64_t task, const MlstmScratch<Real>& scratch) {
                           backward_task(a, task, scratch);
                         });
}

template void mlstm_chunkwise_backward(const MlstmBackward<float>&);
template void mlstm_chunkwise_backward(const MlstmBackward<double>&);

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
