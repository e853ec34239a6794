// What the chunkwise mLSTM's two directions share: pieces of a sequence in contiguous memory.
#pragma once

#include <algorithm>

#include "kernels/reference/mlstm_rows.h"
#include "kernels/reference/mlstm_tasks.h"

namespace carousel::reference {

// The steps [begin, end) of a task: one piece.
struct MlstmPiece {
  std::int64_t task, begin, end;
  bool fresh;  // nothing is carried into the piece

  std::int64_t size() const { return end - begin; }
};

// Whether a piece starts at step t.
template <class Real>
bool mlstm_starts_piece(const MlstmInputs<Real>& in, std::int64_t task, std::int64_t t) {
  return t % in.chunk_size == 0 || mlstm_fresh(in, task, t);
}

// A piece in contiguous memory, and the state that goes from piece to piece.
template <class Real>
struct MlstmTile {
  std::int64_t L, DHqk, W;  // the longest piece; W = DHv + 1
  Real* q;                  // (L, DHqk)   q̃
  Real* k;                  // (L, DHqk)   k̃
  Real* v;                  // (L, W)      v̂
  Real* state;              // (DHqk, W)   Ĉ_0, and in forward then Ĉ_T
  Real* weights;            // (L + DHqk)  of a sum of rows
  Real* num;                // (W)         [num_t | den_t]
  Real* end;

  MlstmTile(const MlstmInputs<Real>& in, Real* memory)
      : L(std::min(in.S, in.chunk_size)),
        DHqk(in.DHqk),
        W(in.DHv + 1),
        q(memory),
        k(q + L * DHqk),
        v(k + L * DHqk),
        state(v + L * W),
        weights(state + DHqk * W),
        num(weights + L + DHqk),
        end(num + W) {}

  static std::int64_t size(const MlstmInputs<Real>& in) {
    const std::int64_t L = std::min(in.S, in.chunk_size), W = in.DHv + 1;
    return 2 * L * in.DHqk + L * W + in.DHqk * W + L + in.DHqk + W;
  }
};

template <class Real>
void mlstm_load_piece(const MlstmInputs<Real>& in, const MlstmPiece& piece,
                      const MlstmTile<Real>& tile) {
  const auto query_scale = static_cast<Real>(in.query_scale);
  const auto key_scale = static_cast<Real>(in.key_scale);
  for (std::int64_t t = 0; t < piece.size(); ++t) {
    const std::int64_t row = mlstm_row(in, piece.task, piece.begin + t);
    for (std::int64_t j = 0; j < in.DHqk; ++j) {
      tile.q[t * in.DHqk + j] = query_scale * in.q[row * in.DHqk + j];
      tile.k[t * in.DHqk + j] = key_scale * in.k[row * in.DHqk + j];
    }
    std::copy_n(in.v + row * in.DHv, in.DHv, tile.v + t * tile.W);
    tile.v[t * tile.W + in.DHv] = 1;
  }
}

// Makes row t of D from row t − 1.
inline void mlstm_next_row(double* D, std::int64_t t, const MlstmStep& step) {
  for (std::int64_t s = 0; s < t; ++s) D[s] *= step.decay;
  D[t] = step.input;
}

// state = carried · state + Σ_s weight_s rows_s, where weight_s = D_s x_sj for row j of the state:
// a product xᵀ rows. x (T, DHqk), rows (T, W).
template <class Real, class Weight>
void mlstm_update_state(Real* state, const MlstmPiece& piece, double carried,
                        const MlstmTile<Real>& tile, const Weight* D, const Real* x,
                        const Real* rows) {
  for (std::int64_t j = 0; j < tile.DHqk; ++j, state += tile.W) {
    if (piece.fresh) std::fill_n(state, tile.W, Real{0});
    for (std::int64_t e = 0; e < tile.W; ++e) state[e] *= static_cast<Real>(carried);
    for (std::int64_t s = 0; s < piece.size(); ++s) {
      tile.weights[s] = static_cast<Real>(D[s]) * x[s * tile.DHqk + j];
    }
    mlstm_add_rows(state, tile.weights, rows, piece.size(), tile.W);
  }
}

}  // namespace carousel::reference
