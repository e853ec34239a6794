// The mLSTM's state, and its gradient, from chunk to chunk.
#pragma once

#include "kernels/cuda/mlstm_operands.h"
#include "kernels/cuda/mlstm_scalars.h"

namespace carousel::cuda {

// With the weights of mlstm_scalars.h, chunk by chunk
//
//   Ĉ  ← carry Ĉ  + Σ_s D_Ts k̃_s v̂_sᵀ       forward
//   dĈ ← carry dĈ + Σ_t e_t q̃_t ĝ_tᵀ        backward, from the last chunk
//
// where carry is the product of the chunk's decays: x = k̃, z = v̂, or x = q̃, z = ĝ.
template <class Element>
struct MlstmRecur {
  using Real = Wide<Element>;

  MlstmTiles tiles;
  MlstmScalars scalars;
  bool backward;
  MlstmRows<Element> x, z;
  MlstmStatePointers<Real> start;  // (tasks, …)
  int DHqk, DHv;

  Real *inner_c, *inner_n;  // (tasks, chunks − 1, …)   the state at every boundary of two chunks;
                            // null: not wanted
  Real *end_c, *end_n;  // (tasks, …)   the last state; null: not wanted
  bool add = false;     // += to the last state

  // Backward: carry ⟨dĈ after a chunk, Ĉ before it⟩, added up over one block's part of them.
  MlstmStates<Real> before{};
  double* crossing = nullptr;  // (tasks, chunks, mlstm_recur_blocks)   null: not wanted
};

// Of a state: a block has 64 x 64 of it.
int mlstm_recur_blocks(int DHqk, int DHv);

// FLOPs per task: 2 S DHqk DHv. Bytes: the states at all boundaries, written once, and for
// crossing read once.
template <class Element>
void mlstm_recur(const MlstmRecur<Element>& a);

}  // namespace carousel::cuda
