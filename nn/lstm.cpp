#include "nn/lstm.h"

namespace carousel {

template <class Real>
LstmCell<Real>::LstmCell(const Init& init, const ModelConfig& model, const SlstmLayerConfig& config,
                         std::int64_t block)
    : weights(init, model, config, block),
      gradient{config.gradient_recurrent_cut, config.gradient_recurrent_clipval.value_or(0)} {}

template <class Real>
CellResult<Real> LstmCell<Real>::operator()(const std::array<Var<Real>, 4>& gates,
                                            const std::vector<Var<Real>>& state,
                                            const Tensor<std::int32_t>& reset) const {
  CAROUSEL_CHECK(state.empty() || state.size() == 2,
                 "lstm: state has {} tensors, want none or h, c", state.size());
  const auto& [i, f, z, o] = gates;
  const auto initial = state.empty() ? LstmState<Real>{} : LstmState<Real>{state[0], state[1]};
  const auto result =
      lstm(i, f, z, o, weights.recurrent, weights.bias_by_gate(), initial, reset, gradient);
  return {result.y, {result.state.h, result.state.c}};
}

template struct LstmCell<float>;
template struct LstmCell<double>;

}  // namespace carousel
