// Block: a residual layer, and a residual feed-forward after it where the model has one.
#pragma once

#include <optional>
#include <variant>

#include "nn/feed_forward.h"
#include "nn/mlstm.h"
#include "nn/slstm.h"

namespace carousel {

//   x += xlstm(xlstm_norm(x))        x += ffn(ffn_norm(x))
//
// An sLSTM feeds its output back, step by step, and would amplify roundings: it computes in wide
// numbers throughout.
template <class Real>
struct Block {
  LayerNorm<Real> xlstm_norm;
  std::variant<MlstmLayer<Real>, SlstmLayer<Wide<Real>>> xlstm;
  std::optional<LayerNorm<Real>> ffn_norm;
  std::optional<GatedFeedForward<Real>> ffn;

  // The block of that number in a model. Throws Error when the config lacks its kind of layer.
  Block(const Init& init, const ModelConfig& model, std::int64_t block);

  struct Result {
    Residual<Real> y;
    BlockState<Wide<Real>> state;
  };

  // x (B, S, d) → (B, S, d)
  Result operator()(const Residual<Real>& x, BlockState<Wide<Real>> state,
                    const CallOptions& options) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("xlstm_norm", xlstm_norm);
    v("xlstm", xlstm);
    v("ffn_norm", ffn_norm);
    v("ffn", ffn);
  }
};

}  // namespace carousel
