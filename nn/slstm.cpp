#include "nn/slstm.h"

#include "ops/activation.h"
#include "ops/layout.h"

namespace carousel {

namespace {

template <class Real>
BlockDiagonalLinear<Real> gate_weights(const Init& init, const ModelConfig& model,
                                       const SlstmLayerConfig& config) {
  const auto d = model.embedding_dim;
  return {init, d, config.num_heads, small_init(d), /*with_bias=*/false};
}

template <class Real>
std::variant<SlstmCell<Real>, LstmCell<Real>> make_cell(const Init& init, const ModelConfig& model,
                                                        const SlstmLayerConfig& config,
                                                        std::int64_t block) {
  if (config.function == CellFunction::lstm) return LstmCell<Real>(init, model, config, block);
  return SlstmCell<Real>(init, model, config, block);
}

}  // namespace

template <class Real>
SlstmCell<Real>::SlstmCell(const Init& init, const ModelConfig& model,
                           const SlstmLayerConfig& config, std::int64_t block)
    : weights(init, model, config, block),
      options{config.forget_gate,
              {config.gradient_recurrent_cut, config.gradient_recurrent_clipval.value_or(0)}} {}

template <class Real>
CellResult<Real> SlstmCell<Real>::operator()(const std::array<Var<Real>, 4>& gates,
                                             const std::vector<Var<Real>>& state,
                                             const Tensor<std::int32_t>& reset) const {
  CAROUSEL_CHECK(state.empty() || state.size() == 4,
                 "slstm: state has {} tensors, want none or h, c, n, m", state.size());
  const auto& [i, f, z, o] = gates;
  const auto initial =
      state.empty() ? SlstmState<Real>{} : SlstmState<Real>{state[0], state[1], state[2], state[3]};
  const auto result =
      slstm(i, f, z, o, weights.recurrent, weights.bias_by_gate(), initial, reset, options);
  return {result.y, {result.state.h, result.state.c, result.state.n, result.state.m}};
}

template <class Real>
SlstmLayer<Real>::SlstmLayer(const Init& init, const ModelConfig& model,
                             const SlstmLayerConfig& config, std::int64_t block)
    : heads(config.num_heads),
      dropout(model.dropout),
      fgate(gate_weights<Real>(init["fgate"], model, config)),
      igate(gate_weights<Real>(init["igate"], model, config)),
      zgate(gate_weights<Real>(init["zgate"], model, config)),
      ogate(gate_weights<Real>(init["ogate"], model, config)),
      slstm_cell(make_cell<Real>(init["slstm_cell"], model, config, block)),
      group_norm(heads, model.embedding_dim, config.group_norm_weight) {
  if (config.conv1d_kernel_size > 0) {
    conv1d.emplace(init["conv1d"], model.embedding_dim, config.conv1d_kernel_size);
  }
}

template <class Real>
typename SlstmLayer<Real>::Inputs SlstmLayer<Real>::inputs(
    const Var<Real>& x, const Var<Real>& conv_state, const Tensor<std::int32_t>& reset) const {
  Var<Real> x_c = x, conv_state_after;
  if (conv1d) {
    const auto conv = (*conv1d)(x, conv_state, reset);
    x_c = activation(Activation::silu, conv.y);
    conv_state_after = conv.state;
  }
  const Shape by_head{x.dim(0), x.dim(1), heads, x.dim(2) / heads};
  return {{reshape(fgate(x_c), by_head), reshape(igate(x_c), by_head), reshape(zgate(x), by_head),
           reshape(ogate(x), by_head)},
          conv_state_after};
}

template <class Real>
LayerResult<Real> SlstmLayer<Real>::operator()(const Var<Real>& x, const BlockState<Real>& state,
                                               const CallOptions& options) const {
  const auto in = inputs(x, state.conv, options.reset);
  const auto cell = std::visit(
      [&](const auto& function) { return function(in.gates, state.cell, options.reset); },
      slstm_cell);
  const auto h = reshape(cell.h, x.shape());
  return {group_norm(options.drop(h, dropout)), {in.conv_state, cell.state}};
}

template struct SlstmCell<float>;
template struct SlstmCell<double>;
template struct SlstmLayer<float>;
template struct SlstmLayer<double>;

}  // namespace carousel
