#include "nn/mlstm.h"

#include "ops/activation.h"
#include "ops/layout.h"
#include "ops/mlstm.h"
#include "ops/skip_gate.h"

namespace carousel {

namespace {

// q, k and v share size and initialisation; the latter goes by d, not by I.
template <class Real>
BlockDiagonalLinear<Real> headwise(const Init& init, const ModelConfig& model,
                                   const MlstmLayerConfig& config) {
  const auto inner = model.inner_dim();
  return {init, inner, inner / config.qkv_proj_blocksize, small_init(model.embedding_dim),
          model.bias};
}

}  // namespace

template <class Real>
MlstmCell<Real>::MlstmCell(const Init& init, const ModelConfig& model,
                           const MlstmLayerConfig& config)
    : igate(init["igate"], 3 * model.inner_dim(), config.num_heads, /*stddev=*/0, true),
      fgate(init["fgate"], 3 * model.inner_dim(), config.num_heads, /*stddev=*/0, true),
      outnorm(config.num_heads, model.inner_dim(), true) {
  igate.bias = init["igate"]["bias"].normal<Wide<Real>>({config.num_heads}, 0.1);
  fgate.bias = linspace<Wide<Real>>(3, 6, config.num_heads);
}

template <class Real>
typename MlstmCell<Real>::Gates MlstmCell<Real>::gates(const Var<Real>& q, const Var<Real>& k,
                                                       const Var<Real>& v) const {
  const std::vector qkv{q, k, v};
  return {igate.concat(qkv), fgate.concat(qkv)};
}

template <class Real>
CellResult<Real> MlstmCell<Real>::operator()(const Var<Real>& q, const Var<Real>& k,
                                             const Var<Real>& v, std::vector<Var<Wide<Real>>> state,
                                             const Tensor<std::int32_t>& reset) const {
  CAROUSEL_CHECK(state.empty() || state.size() == 3,
                 "mlstm: state has {} tensors, want none or C, n, m", state.size());
  const auto S = q.dim(1), NH = outnorm.heads;
  const Shape by_head{q.dim(0), S, NH, q.dim(2) / NH};
  MlstmState<Wide<Real>> initial;
  if (!state.empty()) initial = {std::move(state[0]), std::move(state[1]), std::move(state[2])};
  const MlstmOptions options{.form = S == 1 ? MlstmForm::recurrent : MlstmForm::chunkwise};
  const auto [i, f] = gates(q, k, v);
  const auto result = mlstm(reshape(q, by_head), reshape(k, by_head), reshape(v, by_head), i, f,
                            std::move(initial), reset, options);
  return {outnorm(reshape(result.h, q.shape())), {result.state.c, result.state.n, result.state.m}};
}

template <class Real>
MlstmLayer<Real>::MlstmLayer(const Init& init, const ModelConfig& model,
                             const MlstmLayerConfig& config)
    : dropout(model.dropout),
      learnable_skip(constant<Wide<Real>>({model.inner_dim()}, 1)),
      proj_up(init["proj_up"], model.embedding_dim, 2 * model.inner_dim(),
              small_init(model.embedding_dim), model.bias),
      q_proj(headwise<Real>(init["q_proj"], model, config)),
      k_proj(headwise<Real>(init["k_proj"], model, config)),
      v_proj(headwise<Real>(init["v_proj"], model, config)),
      mlstm_cell(init["mlstm_cell"], model, config),
      proj_down(init["proj_down"], model.inner_dim(), model.embedding_dim,
                wang_init(model.embedding_dim, model.num_blocks), model.bias) {
  if (config.conv1d_kernel_size > 0) {
    conv1d.emplace(init["conv1d"], model.inner_dim(), config.conv1d_kernel_size);
  }
}

template <class Real>
typename MlstmLayer<Real>::Inputs MlstmLayer<Real>::inputs(
    const Var<Real>& x, const Var<Wide<Real>>& conv_state,
    const Tensor<std::int32_t>& reset) const {
  const auto inner = learnable_skip.dim(0);
  const auto up = proj_up.split(x, {inner, inner});
  const auto &x_m = up[0], &z = up[1];

  Conv1dResult<Real> conv{x_m, {}};
  if (conv1d) conv = (*conv1d)(x_m, conv_state, reset);
  const auto x_c = activation(Activation::silu, conv.y);
  return {q_proj(x_c), k_proj(x_c), v_proj(x_m), x_c, z, conv.state};
}

template <class Real>
LayerResult<Real> MlstmLayer<Real>::operator()(const Var<Real>& x, BlockState<Wide<Real>> state,
                                               const CallOptions& options) const {
  const auto in = inputs(x, state.conv, options.reset);
  const auto cell = mlstm_cell(in.q, in.k, in.v, std::move(state.cell), options.reset);
  const auto y = proj_down(skip_gate(Activation::silu, in.z, cell.h, in.x_c, learnable_skip));
  return {options.drop(y, dropout), {in.conv_state, cell.state}};
}

template struct MlstmCell<float>;
template struct MlstmCell<double>;
template struct MlstmCell<bf16>;
template struct MlstmLayer<float>;
template struct MlstmLayer<double>;
template struct MlstmLayer<bf16>;

}  // namespace carousel
