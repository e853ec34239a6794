// mLSTM cell and layer (xLSTM paper, section 2.3 and figure 11: the pre up-projection block).
#pragma once

#include <optional>

#include "nn/block_diagonal_linear.h"
#include "nn/call_options.h"
#include "nn/causal_conv1d.h"
#include "nn/config.h"
#include "nn/linear.h"
#include "nn/norms.h"
#include "nn/state.h"

namespace carousel {

// The matrix memory with its gates and norm: h = norm(mlstm(q, k, v, W_i [q|k|v], W_f [q|k|v])).
template <class Real>
struct MlstmCell {
  Linear<Real> igate, fgate;  // (NH, 3I)
  MultiHeadLayerNorm<Real> outnorm;

  MlstmCell(const Init& init, const ModelConfig& model, const MlstmLayerConfig& config);

  // Pre-activations of the gates from q, k, v (B, S, I): (B, S, NH) each.
  struct Gates {
    Var<Wide<Real>> i, f;
  };
  Gates gates(const Var<Real>& q, const Var<Real>& k, const Var<Real>& v) const;

  // q, k, v (B, S, I); state none or {C, n, m}; reset (B, S) or undefined. h (B, S, I).
  CellResult<Real> operator()(const Var<Real>& q, const Var<Real>& k, const Var<Real>& v,
                              std::vector<Var<Wide<Real>>> state,
                              const Tensor<std::int32_t>& reset) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("igate", igate);
    v("fgate", fgate);
    v("outnorm", outnorm);
  }
};

// [x_m | z] = proj_up(x), x_c = SiLU(conv(x_m)), where no convolution is the identity:
//
//   h = cell(W_q x_c, W_k x_c, W_v x_m)
//   y = dropout(proj_down((h + skip ⊙ x_c) ⊙ SiLU(z)))
template <class Real>
struct MlstmLayer {
  double dropout;
  Var<Wide<Real>> learnable_skip;  // (I)
  Linear<Real> proj_up;            // (2I, d)  rows 0 … I − 1: x_m
  BlockDiagonalLinear<Real> q_proj, k_proj, v_proj;
  std::optional<CausalConv1d<Real>> conv1d;
  MlstmCell<Real> mlstm_cell;
  Linear<Real> proj_down;  // (d, I)

  MlstmLayer(const Init& init, const ModelConfig& model, const MlstmLayerConfig& config);

  // What comes before the cell: each (B, S, I), and the state of the convolution.
  struct Inputs {
    Var<Real> q, k, v, x_c, z;
    Var<Wide<Real>> conv_state;
  };
  Inputs inputs(const Var<Real>& x, const Var<Wide<Real>>& conv_state,
                const Tensor<std::int32_t>& reset) const;

  // x (B, S, d) → (B, S, d)
  LayerResult<Real> operator()(const Var<Real>& x, BlockState<Wide<Real>> state,
                               const CallOptions& options) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("learnable_skip", learnable_skip);
    v("proj_up", proj_up);
    v("q_proj", q_proj);
    v("k_proj", k_proj);
    v("v_proj", v_proj);
    v("conv1d", conv1d);
    v("mlstm_cell", mlstm_cell);
    v("proj_down", proj_down);
  }
};

}  // namespace carousel
