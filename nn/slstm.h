// sLSTM cell and layer (xLSTM paper, section 2.2 and figure 10: the post up-projection block).
#pragma once

#include <array>
#include <optional>
#include <variant>

#include "nn/block_diagonal_linear.h"
#include "nn/call_options.h"
#include "nn/causal_conv1d.h"
#include "nn/lstm.h"
#include "nn/norms.h"
#include "nn/recurrent_weights.h"
#include "nn/state.h"
#include "ops/slstm.h"

namespace carousel {

template <class Real>
struct SlstmCell {
  RecurrentWeights<Real> weights;
  SlstmOptions options;

  SlstmCell(const Init& init, const ModelConfig& model, const SlstmLayerConfig& config,
            std::int64_t block);

  // Gates i, f, z, o: each (B, S, NH, DH); state none or {h, c, n, m}; reset (B, S) or undefined.
  // h (B, S, NH, DH).
  CellResult<Real> operator()(const std::array<Var<Real>, 4>& gates,
                              const std::vector<Var<Real>>& state,
                              const Tensor<std::int32_t>& reset) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    weights.visit(v);
  }
};

// x_c = SiLU(conv(x)), or x without a convolution; the gates i, f see x_c, and z, o see x:
//
//   y = norm(dropout(cell(W_i x_c, W_f x_c, W_z x, W_o x)))
template <class Real>
struct SlstmLayer {
  std::int64_t heads;
  double dropout;
  std::optional<CausalConv1d<Real>> conv1d;
  // Released weights carry these two the other way round: fgate feeds the cell's input gate i,
  // igate its forget gate f.
  BlockDiagonalLinear<Real> fgate, igate;
  BlockDiagonalLinear<Real> zgate, ogate;
  std::variant<SlstmCell<Real>, LstmCell<Real>> slstm_cell;
  MultiHeadLayerNorm<Real> group_norm;

  SlstmLayer(const Init& init, const ModelConfig& model, const SlstmLayerConfig& config,
             std::int64_t block);

  // What comes before the cell: the gates' parts from x, (B, S, NH, DH) each, and the state of the
  // convolution.
  struct Inputs {
    std::array<Var<Real>, 4> gates;  // i, f, z, o
    Var<Real> conv_state;
  };
  Inputs inputs(const Var<Real>& x, const Var<Real>& conv_state,
                const Tensor<std::int32_t>& reset) const;

  // x (B, S, d) → (B, S, d)
  LayerResult<Real> operator()(const Var<Real>& x, const BlockState<Real>& state,
                               const CallOptions& options) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("conv1d", conv1d);
    v("fgate", fgate);
    v("igate", igate);
    v("zgate", zgate);
    v("ogate", ogate);
    v("slstm_cell", slstm_cell);
    v("group_norm", group_norm);
  }
};

}  // namespace carousel
