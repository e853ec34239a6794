#include "nn/block.h"

#include "ops/convert.h"

namespace carousel {

namespace {

template <class Real>
std::variant<MlstmLayer<Real>, SlstmLayer<Wide<Real>>> make_layer(const Init& init,
                                                                  const ModelConfig& model,
                                                                  std::int64_t block) {
  if (model.is_slstm(block)) {
    CAROUSEL_CHECK(model.slstm, "model: block {} is an sLSTM, but the config has no slstm_block",
                   block);
    return SlstmLayer<Wide<Real>>(init, model, *model.slstm, block);
  }
  CAROUSEL_CHECK(model.mlstm, "model: block {} is an mLSTM, but the config has no mlstm_block",
                 block);
  return MlstmLayer<Real>(init, model, *model.mlstm);
}

template <class Real>
LayerResult<Real> call(const MlstmLayer<Real>& layer, const Var<Real>& x,
                       BlockState<Wide<Real>> state, const CallOptions& options) {
  return layer(x, std::move(state), options);
}

template <class Real>
LayerResult<Real> call(const SlstmLayer<Wide<Real>>& layer, const Var<Real>& x,
                       BlockState<Wide<Real>> state, const CallOptions& options) {
  auto [y, after] = layer(widen(x), state, options);
  return {narrow<Real>(y), std::move(after)};
}

}  // namespace

template <class Real>
Block<Real>::Block(const Init& init, const ModelConfig& model, std::int64_t block)
    : xlstm_norm(model.embedding_dim), xlstm(make_layer<Real>(init["xlstm"], model, block)) {
  const auto& config = model.is_slstm(block) ? model.slstm_feedforward : model.mlstm_feedforward;
  if (!config) return;
  ffn_norm.emplace(model.embedding_dim);
  ffn.emplace(init["ffn"], model, *config);
}

template <class Real>
typename Block<Real>::Result Block<Real>::operator()(const Residual<Real>& x,
                                                     BlockState<Wide<Real>> state,
                                                     const CallOptions& options) const {
  const auto [sum, normed] = xlstm_norm(x);
  const auto inner = std::visit(
      [&, &normed = normed](const auto& layer) {
        return call(layer, normed, std::move(state), options.named("xlstm"));
      },
      xlstm);
  const Residual<Real> y{sum, inner.y};
  if (!ffn) return {y, inner.state};
  const auto [ffn_sum, ffn_normed] = (*ffn_norm)(y);
  return {{ffn_sum, (*ffn)(ffn_normed, options.named("ffn"))}, inner.state};
}

template struct Block<float>;
template struct Block<double>;
template struct Block<bf16>;

}  // namespace carousel
