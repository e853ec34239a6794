#include "nn/block_stack.h"

#include "ops/arithmetic.h"

namespace carousel {

template <class Real>
BlockStack<Real>::BlockStack(const Init& init, const ModelConfig& model) {
  blocks.reserve(static_cast<std::size_t>(model.num_blocks));
  for (std::int64_t i = 0; i < model.num_blocks; ++i) {
    blocks.emplace_back(init["blocks"][i], model, i);
  }
  if (model.add_post_blocks_norm) post_blocks_norm.emplace(model.embedding_dim);
}

template <class Real>
typename BlockStack<Real>::Result BlockStack<Real>::operator()(const Var<Real>& x,
                                                               ModelState<Wide<Real>> state,
                                                               const CallOptions& options) const {
  CAROUSEL_CHECK(state.blocks.empty() || state.blocks.size() == blocks.size(),
                 "model: state has {} blocks, want none or {}", state.blocks.size(), blocks.size());
  Residual<Real> residual{x, {}};
  ModelState<Wide<Real>> last;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    auto before = state.blocks.empty() ? BlockState<Wide<Real>>{} : std::move(state.blocks[i]);
    auto [y, after] =
        blocks[i](residual, std::move(before), options.named(fmt::format("blocks.{}", i)));
    residual = std::move(y);
    last.blocks.push_back(std::move(after));
  }
  if (post_blocks_norm) return {(*post_blocks_norm)(residual).y, std::move(last)};
  return {residual.branch.defined() ? add(residual.x, residual.branch) : residual.x,
          std::move(last)};
}

template struct BlockStack<float>;
template struct BlockStack<double>;
template struct BlockStack<bf16>;

}  // namespace carousel
