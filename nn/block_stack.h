// BlockStack: xLSTM[a:b], blocks of the two kinds one after another, and a norm at the end.
#pragma once

#include <optional>
#include <vector>

#include "nn/block.h"

namespace carousel {

template <class Real>
struct BlockStack {
  std::vector<Block<Real>> blocks;
  std::optional<LayerNorm<Real>> post_blocks_norm;

  BlockStack(const Init& init, const ModelConfig& model);

  struct Result {
    Var<Real> y;
    ModelState<Wide<Real>> state;
  };

  // x (B, S, d) → (B, S, d). Throws Error for a state with another number of blocks.
  Result operator()(const Var<Real>& x, ModelState<Wide<Real>> state,
                    const CallOptions& options) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("blocks", blocks);
    v("post_blocks_norm", post_blocks_norm);
  }
};

}  // namespace carousel
