#include "nn/block.h"

#include "ops/arithmetic.h"

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
LayerResult<Real> Block<Real>::operator()(const Var<Real>& x, const BlockState<Real>& state,
                                          const CallOptions& options) const {
  const auto inner = std::visit(
      [&](const auto& layer) { return layer(xlstm_norm(x), state, options.named("xlstm")); },
      xlstm);
  const auto y = add(x, inner.y);
  if (!ffn) return {y, inner.state};
  return {add(y, (*ffn)((*ffn_norm)(y), options.named("ffn"))), inner.state};
}

template struct Block<float>;
template struct Block<double>;

}  // namespace carousel
