// Chunk by chunk: inside a chunk all pairs of positions, between chunks only the state. Costs
// O(S · (L + DHqk) · DHv) where the parallel form costs O(S² · DHv), in products of small matrices.
//
// A piece is what lies between two boundaries of chunks or resets: T ≤ L steps, numbered from 1.
// With scaled keys and queries k̃, q̃, v̂ = [v | 1], Ĉ = [C | n], and the factors of every step
// (mlstm_gates.h), which turn the spec's exponentials into products of numbers ≤ 1,
//
//   D_ts = input_s Π_{s<r≤t} decay_r        e_t = Π_{r≤t} decay_r, 0 in a piece with a fresh start
//   A_ts = (q̃_t·k̃_s) D_ts                   [num_t | den_t] = e_t Ĉ_0ᵀ q̃_t + Σ_{s≤t} A_ts v̂_s
//   Ĉ_T = e_T Ĉ_0 + Σ_s D_Ts k̃_s v̂_sᵀ

#include <algorithm>

#include "kernels/reference/mlstm_chunk.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

template <class Real>
void forward_piece(const MlstmForward<Real>& a, const MlstmPiece& piece, const MlstmStep* steps,
                   double* D, const MlstmTile<Real>& tile) {
  const std::int64_t DHqk = tile.DHqk, W = tile.W;
  mlstm_load_piece(a.in, piece, tile);
  double carried = 1;  // e_t
  for (std::int64_t t = 0; t < piece.size(); ++t) {
    const MlstmStep& step = steps[piece.begin + t];
    const Real* const q = tile.q + t * DHqk;
    mlstm_next_row(D, t, step);
    carried *= step.decay;

    mlstm_dot_rows(tile.weights, q, tile.k, t + 1, DHqk);
    for (std::int64_t s = 0; s <= t; ++s) tile.weights[s] *= static_cast<Real>(D[s]);
    std::fill_n(tile.num, W, Real{0});
    mlstm_add_rows(tile.num, tile.weights, tile.v, t + 1, W);
    if (!piece.fresh) {
      for (std::int64_t j = 0; j < DHqk; ++j) tile.weights[j] = static_cast<Real>(carried) * q[j];
      mlstm_add_rows(tile.num, tile.weights, tile.state, DHqk, W);
    }

    const std::int64_t row = mlstm_row(a.in, piece.task, piece.begin + t);
    std::copy_n(tile.num, W - 1, a.h + row * (W - 1));
    mlstm_normalise(a, row, tile.num[W - 1], step.m);
  }
  mlstm_update_state(tile.state, piece, carried, tile, D, tile.k, tile.v);
}

template <class Real>
void forward_task(const MlstmForward<Real>& a, std::int64_t task,
                  const MlstmScratch<Real>& scratch) {
  const auto& in = a.in;
  const std::int64_t size = in.DHqk * in.DHv, chunks = (in.S - 1) / in.chunk_size;
  const MlstmTile<Real> tile(in, scratch.memory);
  if (in.c0 != nullptr) {
    mlstm_join_state(tile.state, in.c0 + task * size, in.n0 + task * in.DHqk, in.DHqk, in.DHv);
  }
  for (std::int64_t begin = 0, end = 0; begin < in.S; begin = end) {
    for (end = begin + 1; end < in.S && !mlstm_starts_piece(in, task, end);) ++end;
    if (a.chunk_c != nullptr && begin > 0 && begin % in.chunk_size == 0) {
      const std::int64_t chunk = task * chunks + begin / in.chunk_size - 1;
      mlstm_split_state(tile.state, a.chunk_c + chunk * size, a.chunk_n + chunk * in.DHqk, in.DHqk,
                        in.DHv);
    }
    const bool fresh = mlstm_fresh(in, task, begin);
    forward_piece(a, {task, begin, end, fresh}, scratch.steps, scratch.D, tile);
  }
  mlstm_split_state(tile.state, a.c + task * size, a.n + task * in.DHqk, in.DHqk, in.DHv);
  a.m[task] = static_cast<Real>(scratch.steps[in.S - 1].m);
}

}  // namespace

template <class Real>
void mlstm_chunkwise_forward(const MlstmForward<Real>& a) {
  mlstm_tasks(a.in, MlstmTile<Real>::size(a.in),
              [&](std::int64_t task, const MlstmScratch<Real>& scratch) {
                forward_task(a, task, scratch);
              });
}

template void mlstm_chunkwise_forward(const MlstmForward<float>&);
template void mlstm_chunkwise_forward(const MlstmForward<double>&);

}  // namespace carousel::reference
