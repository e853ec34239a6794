// LSTM cell in the place of an sLSTM cell: the baseline of the xLSTM paper's first figure.
#pragma once

#include <array>

#include "nn/recurrent_weights.h"
#include "nn/state.h"
#include "ops/lstm.h"

namespace carousel {

template <class Real>
struct LstmCell {
  RecurrentWeights<Real> weights;
  RecurrentGradient gradient;

  LstmCell(const Init& init, const ModelConfig& model, const SlstmLayerConfig& config,
           std::int64_t block);

  // Gates i, f, z, o: each (B, S, NH, DH); state none or {h, c}; reset (B, S) or undefined.
  // h (B, S, NH, DH).
  CellResult<Real> operator()(const std::array<Var<Real>, 4>& gates,
                              const std::vector<Var<Real>>& state,
                              const Tensor<std::int32_t>& reset) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    weights.visit(v);
  }
};

}  // namespace carousel
