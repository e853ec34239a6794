#include "nn/block.h"

namespace carousel {

namespace {

template <class Real>
std::variant<MlstmLayer<Real>, SlstmLayer<Real>> make_layer(const Init& init,
                                                            const ModelConfig& model,
                                                            std::int64_t block) {
  if (model.is_slstm(block)) {
    CAROUSEL_CHECK(model.slstm, "model: block {} is an sLSTM, but the config has no slstm_block",
                   block);
    return SlstmLayer<Real>(init, model, *model.slstm, block);
  }
  CAROUSEL_CHECK(model.mlstm, "model: block {} is an mLSTM, but the config has no mlstm_block",
                 block);
  return MlstmLayer<Real>(init, model, *model.mlstm);
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
                                                     BlockState<Real> state,
                                                     const CallOptions& options) const {
  const auto [sum, normed] = xlstm_norm(x);
  const auto inner = std::visit(
      [&, &normed = normed](const auto& layer) {
        return layer(normed, std::move(state), options.named("xlstm"));
      },
      xlstm);
  const Residual<Real> y{sum, inner.y};
  if (!ffn) return {y, inner.state};
  const auto [ffn_sum, ffn_normed] = (*ffn_norm)(y);
  return {{ffn_sum, (*ffn)(ffn_normed, options.named("ffn"))}, inner.state};
}

template struct Block<float>;
template struct Block<double>;

}  // namespace carousel
