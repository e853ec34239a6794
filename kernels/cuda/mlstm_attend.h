// What every output of the mLSTM and three of its gradients have in common: the steps of a chunk
// look at each other and at a state.
#pragma once

#include "kernels/cuda/mlstm_operands.h"
#include "kernels/cuda/mlstm_scalars.h"

namespace carousel::cuda {

// With the weights D of mlstm_scalars.h, e_t = what is left of the state before the chunk, and T
// the last step of the chunk, the rows
//
//   out_t = Σ_{s≤t} D_ts (x_t·y_s) z_s + e_t x_t M         M = the state before the chunk
//   out_s = Σ_{t≥s} D_ts (x_s·y_t) z_t + D_Ts x_s M        M = the gradient of the state after it
//
// are [num | den] (x, y, z = q̃, k̃, v̂; M = Ĉ), dq̃ (ĝ, v̂, k̃; Ĉᵀ), and later ones dk̃ (v̂, ĝ, q̃; dĈᵀ)
// and dv (k̃, q̃, g; dĈ).
template <class Element>
struct MlstmAttend {
  using Real = Wide<Element>;

  MlstmTiles tiles;
  MlstmScalars scalars;
  bool later;  // which of the two
  MlstmRows<Element> x, y, z;
  int dz;  // columns of z and out
  MlstmStates<Real> states;
  bool transposed;  // M has the shape (DHqk, DHv) as it lies; else that is Mᵀ

  Element* out;         // (B, S, NH, dz)   null: not wanted
  Real factor = 1;      // out += factor · …, and = … where there is den
  Real* den = nullptr;  // (B, S, NH)       of [num | den]: out is h; null: other rows
  double eps = 0;

  // For the gradients of the gates. A group is the columns of one block.
  MlstmRows<Element> along{};  // what out is the gradient of
  double* outside = nullptr;   // (groups, tasks, S)   along · (out without the pairs inside its
                               // tile), for a group; null: not wanted
  double* crossing =
      nullptr;  // (groups, tasks, tiles, per_chunk)   of a tile's rows and [other]: what they
                // get from across that tile, added up; of later ones [0]: from M
};

template <class Element>
int mlstm_attend_groups(int dz);

// FLOPs per task, with dx columns of x: S (L + 64) (dx · groups + dz) for the pairs, counting both
// a product and its sum, and 2 S dx dz for the state, where the scores x·y are computed once for
// every group of 128 columns. Bytes: next to nothing beside them.
template <class Element>
void mlstm_attend(const MlstmAttend<Element>& a);

}  // namespace carousel::cuda
