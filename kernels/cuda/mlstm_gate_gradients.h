// The way back through the mLSTM's normaliser and gates.
#pragma once

#include "kernels/cuda/mlstm_operands.h"
#include "kernels/cuda/mlstm_scalars.h"

namespace carousel::cuda {

// From dh, h and den of every row: 1 / N_t, δ_t = −(dh_t·h_t) / N_t · sign(den_t) where |den_t| >
// exp(−M_t), else 0, and ∂L/∂M_t = −(dh_t·h_t) eps / N_t. Bytes: dh and h, read once.
template <class Element>
struct MlstmUpstream {
  using Real = Wide<Element>;

  MlstmTiles tiles;
  MlstmScalars scalars;
  const Element *dh, *h;  // (B, S, NH, DHv)
  const Real* den;        // (B, S, NH)
  int DHv;
  double eps;
  Real *scale, *delta;  // (B, S, NH)
  double* dm;           // (tasks, S)
};

template <class Element>
void mlstm_upstream(const MlstmUpstream<Element>& a);

// A pair of steps gives p_ts = A_ts dA_ts to ĩ_s and to every log f_r with s < r ≤ t: sums of what
// crosses r, never differences, as in the reference. In a tile they are those of its own pairs, of
// its rows with what came before the tile, of its columns with what comes after it, and of what
// crosses the tile. Through M flows γ_t = ∂L/∂M_t + (M_{t+1} carried on ? γ_{t+1} : 0), to log f_t
// or to ĩ_t.
template <class Element>
struct MlstmGateGradients {
  using Real = Wide<Element>;

  MlstmTiles tiles;
  MlstmScalars scalars;
  MlstmInputs<Element> in;
  MlstmRows<Element> q, k, v, g;
  const double *outside_q, *outside_k;    // as mlstm_attend leaves them
  const double *crossing_q, *crossing_k;  // so too
  int groups;
  const double* crossing_state;  // as mlstm_recur leaves it
  int state_blocks;
  const double* dm;                 // (tasks, S)   ∂L/∂M_t
  const Real* last_dm;              // (tasks)      of the last M, as it is handed out
  double *di, *dlog_f;              // (tasks, S)   workspaces
  Real *sum_di, *sum_df, *sum_dm0;  // (B, S, NH), (B, S, NH), (tasks)   +=; null: not wanted
};

// FLOPs per task: 128 S (DHqk + DHv + 1) for the pairs inside the tiles.
template <class Element>
void mlstm_gate_gradients(const MlstmGateGradients<Element>& a);

}  // namespace carousel::cuda
