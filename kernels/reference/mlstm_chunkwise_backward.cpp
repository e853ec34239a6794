// The chunkwise form backwards; the notation is that of mlstm_chunkwise.cpp. From dĈ_T and the
// gradients g_t of [num_t | den_t], piece by piece from the last, each from its Ĉ_0, which forward
// has saved:
//
//   dA_ts = g_t·v̂_s     dS_ts = dA_ts D_ts
//   dq̃_t = Σ_{s≤t} dS_ts k̃_s + e_t Ĉ_0 g_t
//   dk̃_s = Σ_{t≥s} dS_ts q̃_t + D_Ts dĈ_T v̂_s
//   dv̂_s = Σ_{t≥s} A_ts g_t + D_Ts dĈ_Tᵀ k̃_s
//   dĈ_0 = e_T dĈ_T + Σ_t e_t q̃_t g_tᵀ
//
// For the gates (mlstm_add_row) the products A_ts dA_ts are one row per t, with e_t q̃_t·(Ĉ_0 g_t)
// carried in, and the state is one more row, of D_Ts k̃_s·(dĈ_T v̂_s) with e_T ⟨dĈ_T, Ĉ_0⟩ carried
// in.

#include <algorithm>

#include "kernels/reference/mlstm_chunk.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

// What backward holds besides.
template <class Real>
struct BackwardTile : MlstmTile<Real> {
  Real* upstream;  // (L, W)      g
  Real* dstate;    // (DHqk, W)   dĈ_T, then dĈ_0
  Real* A;         // (L, L)      A_ts at [s, t]
  Real* dS;        // (L, L)      dS_ts at [s, t]
  Real* dA;        // (L)         a row
  Real* dqk;       // (DHqk)      dq̃_t or dk̃_s
  Real* dv;        // (W)         dv̂_s
  Real* carried;   // (L)         e_t

  BackwardTile(const MlstmInputs<Real>& in, Real* memory)
      : MlstmTile<Real>(in, memory),
        upstream(this->end),
        dstate(upstream + this->L * this->W),
        A(dstate + this->DHqk * this->W),
        dS(A + this->L * this->L),
        dA(dS + this->L * this->L),
        dqk(dA + this->L),
        dv(dqk + this->DHqk),
        carried(dv + this->W) {}

  static std::int64_t size(const MlstmInputs<Real>& in) {
    const std::int64_t L = std::min(in.S, in.chunk_size), W = in.DHv + 1;
    return MlstmTile<Real>::size(in) + (L + in.DHqk + 1) * W + 2 * L * (L + 1) + in.DHqk;
  }
};

// Row t: what flows into q_t and the gates, and A and dS for the columns.
template <class Real>
void backward_row(const MlstmBackward<Real>& a, const MlstmPiece& piece, std::int64_t t,
                  double carried, const MlstmScratch<Real>& scratch,
                  const BackwardTile<Real>& tile) {
  const std::int64_t DHqk = tile.DHqk, W = tile.W, at = piece.begin + t;
  const std::int64_t row = mlstm_row(a.in, piece.task, at);
  const Real* const q = tile.q + t * DHqk;
  Real* const upstream = tile.upstream + t * W;
  scratch.d.m[at] += mlstm_upstream(a, row, scratch.steps[at].m, upstream);

  mlstm_dot_rows(tile.weights, q, tile.k, t + 1, DHqk);
  mlstm_dot_rows(tile.dA, upstream, tile.v, t + 1, W);
  for (std::int64_t s = 0; s <= t; ++s) {
    const auto D = static_cast<Real>(scratch.D[s]);
    const Real A = tile.weights[s] * D, dS = tile.dA[s] * D;
    tile.A[s * tile.L + t] = A;
    tile.dS[s * tile.L + t] = dS;
    tile.weights[s] = dS;
    scratch.p[s] = static_cast<double>(A) * static_cast<double>(tile.dA[s]);
  }
  std::fill_n(tile.dqk, DHqk, Real{0});
  mlstm_add_rows(tile.dqk, tile.weights, tile.k, t + 1, DHqk);

  double along = 0;
  if (!piece.fresh) {
    mlstm_dot_rows(tile.weights, upstream, tile.state, DHqk, W);
    mlstm_add(tile.dqk, static_cast<Real>(carried), tile.weights, DHqk);
    along = carried * static_cast<double>(mlstm_dot(q, tile.weights, DHqk));
  }
  mlstm_add_row(scratch.d, scratch.p, along, piece.begin, at);
  if (a.dq != nullptr) {
    mlstm_add(a.dq + row * DHqk, static_cast<Real>(a.in.query_scale), tile.dqk, DHqk);
  }
}

// Column s: what flows into k_s and v_s. Returns D_Ts k̃_s·(dĈ_T v̂_s).
template <class Real>
double backward_column(const MlstmBackward<Real>& a, const MlstmPiece& piece, std::int64_t s,
                       Real D, const BackwardTile<Real>& tile) {
  const std::int64_t DHqk = tile.DHqk, W = tile.W, later = piece.size() - s;
  const std::int64_t row = mlstm_row(a.in, piece.task, piece.begin + s);
  const Real* const k = tile.k + s * DHqk;

  mlstm_dot_rows(tile.dqk, tile.v + s * W, tile.dstate, DHqk, W);
  for (std::int64_t j = 0; j < DHqk; ++j) tile.dqk[j] *= D;
  const auto along = static_cast<double>(mlstm_dot(k, tile.dqk, DHqk));
  mlstm_add_rows(tile.dqk, tile.dS + s * tile.L + s, tile.q + s * DHqk, later, DHqk);
  if (a.dk != nullptr) {
    mlstm_add(a.dk + row * DHqk, static_cast<Real>(a.in.key_scale), tile.dqk, DHqk);
  }

  for (std::int64_t j = 0; j < DHqk; ++j) tile.weights[j] = D * k[j];
  std::fill_n(tile.dv, W, Real{0});
  mlstm_add_rows(tile.dv, tile.weights, tile.dstate, DHqk, W);
  mlstm_add_rows(tile.dv, tile.A + s * tile.L + s, tile.upstream + s * W, later, W);
  if (a.dv != nullptr) mlstm_add(a.dv + row * (W - 1), Real{1}, tile.dv, W - 1);
  return along;
}

template <class Real>
void backward_piece(const MlstmBackward<Real>& a, const MlstmPiece& piece,
                    const MlstmScratch<Real>& scratch, const BackwardTile<Real>& tile) {
  mlstm_load_piece(a.in, piece, tile);
  double carried = 1;
  for (std::int64_t t = 0; t < piece.size(); ++t) {
    const MlstmStep& step = scratch.steps[piece.begin + t];
    mlstm_next_row(scratch.D, t, step);
    carried *= step.decay;
    tile.carried[t] = static_cast<Real>(carried);
    backward_row(a, piece, t, carried, scratch, tile);
  }

  double along = 0, effect = 0;  // effect: ⟨dĈ_T, Ĉ_T⟩
  for (std::int64_t s = 0; s < piece.size(); ++s) {
    scratch.p[s] = backward_column(a, piece, s, static_cast<Real>(scratch.D[s]), tile);
    effect += scratch.p[s];
  }
  if (!piece.fresh) {
    along = carried * static_cast<double>(mlstm_dot(tile.dstate, tile.state, tile.DHqk * tile.W));
  }
  mlstm_add_row(scratch.d, scratch.p, along, piece.begin, piece.end - 1);
  if (piece.end == a.in.S) scratch.d.m[piece.end - 1] -= effect + along;
  if (piece.fresh) {
    std::fill_n(tile.dstate, tile.DHqk * tile.W, Real{0});
  } else {
    mlstm_update_state(tile.dstate, piece, carried, tile, tile.carried, tile.q, tile.upstream);
  }
}

template <class Real>
void backward_task(const MlstmBackward<Real>& a, std::int64_t task,
                   const MlstmScratch<Real>& scratch) {
  const auto& in = a.in;
  const BackwardTile<Real> tile(in, scratch.memory);
  mlstm_load_dstate(a, task, tile.dstate);
  for (std::int64_t begin = 0, end = in.S; end > 0; end = begin) {
    for (begin = end - 1; !mlstm_starts_piece(in, task, begin);) --begin;
    const bool fresh = mlstm_fresh(in, task, begin);
    if (!fresh) mlstm_load_chunk(a, task, begin, tile.state);
    backward_piece(a, {task, begin, end, fresh}, scratch, tile);
  }
  if (in.c0 != nullptr) mlstm_add_dstate(a, task, tile.dstate);
  mlstm_finish_gates(a, task, scratch.steps, scratch.d);
}

}  // namespace

template <class Real>
void mlstm_chunkwise_backward(const MlstmBackward<Real>& a) {
  mlstm_tasks(a.in, BackwardTile<Real>::size(a.in),
              [&](std::int64_t task, const MlstmScratch<Real>& scratch) {
                backward_task(a, task, scratch);
              });
}

template void mlstm_chunkwise_backward(const MlstmBackward<float>&);
template void mlstm_chunkwise_backward(const MlstmBackward<double>&);

}  // namespace carousel::reference
