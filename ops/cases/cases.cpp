#include "ops/cases/cases.h"

#include "core/random.h"

namespace carousel {

namespace {

Tensor<double> make_input(const OpCase& op_case, const CaseInput& input) {
  if (!input.values.empty()) return Tensor<double>::from(input.shape, input.values);
  const Random random = Random{}.named(op_case.op + op_case.note + input.name);
  return random_normal<double>(input.shape, random, input.scale, input.offset);
}

}  // namespace

template <class Real>
std::vector<Tensor<Real>> make_inputs(const OpCase& op_case, Device device) {
  std::vector<Tensor<Real>> inputs;
  for (const auto& input : op_case.inputs) {
    inputs.push_back(make_input(op_case, input).template to<Real>().to(device));
  }
  return inputs;
}

template <>
const Function<float>& function<float>(const OpCase& op_case) {
  return op_case.run_float;
}
template <>
const Function<double>& function<double>(const OpCase& op_case) {
  return op_case.run_double;
}

template std::vector<Tensor<float>> make_inputs(const OpCase&, Device);
template std::vector<Tensor<double>> make_inputs(const OpCase&, Device);

const std::vector<OpCase>& op_cases() {
  static const CaseList list = [] {
    CaseList cases;
    add_block_diagonal_cases(cases);
    add_conv1d_cases(cases);
    add_convert_cases(cases);
    add_arithmetic_cases(cases);
    add_activation_cases(cases);
    add_cross_entropy_cases(cases);
    add_dropout_cases(cases);
    add_embedding_cases(cases);
    add_layer_norm_cases(cases);
    add_linear_cases(cases);
    add_lstm_cases(cases);
    add_matmul_cases(cases);
    add_mlstm_cases(cases);
    add_layout_cases(cases);
    add_reduce_cases(cases);
    add_rms_norm_cases(cases);
    add_skip_gate_cases(cases);
    add_slstm_cases(cases);
    return cases;
  }();
  return list.all();
}

}  // namespace carousel
