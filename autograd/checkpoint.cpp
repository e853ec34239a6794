#include "autograd/checkpoint.h"

#include "autograd/record.h"

namespace carousel {

namespace {

// Runs the function again on inputs whose gradients arrive in the wanted slots.
template <class Real>
void run_again(const Function<Real>& function, const std::vector<Tensor<Real>>& inputs,
               const std::vector<Slot<Real>>& wanted, const std::vector<Tensor<Real>>& upstream) {
  Tape tape;
  std::vector<Var<Real>> leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) leaves.push_back({inputs[i], wanted[i]});
  const std::vector<Var<Real>> outputs = function(leaves);

  std::vector<Var<Real>> recorded;
  std::vector<Tensor<Real>> seeds;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].wanted()) continue;
    if (outputs[i].grad->tape() != tape.id()) {  // an input or parameter, returned as it is
      outputs[i].grad->add(upstream[i]);
      continue;
    }
    recorded.push_back(outputs[i]);
    seeds.push_back(upstream[i]);
  }
  if (recorded.empty()) return;
  tape.backward(std::span<const Var<Real>>(recorded), std::span<const Tensor<Real>>(seeds));
}

}  // namespace

template <class Real>
std::vector<Var<Real>> checkpoint(const Function<Real>& function,
                                  const std::vector<Var<Real>>& inputs) {
  std::vector<Tensor<Real>> outputs;
  {
    const Tape::Pause pause;
    for (auto& output : function(inputs)) outputs.push_back(std::move(output.value));
  }

  std::vector<Tensor<Real>> saved;
  std::vector<Slot<Real>> wanted;
  for (const auto& input : inputs) {
    saved.push_back(input.value);
    wanted.push_back(input.grad);
  }
  const auto backward = [&] {
    return [function, saved, wanted](const std::vector<Tensor<Real>>& upstream) {
      run_again(function, saved, wanted, upstream);
    };
  };
  return record("checkpoint", std::move(outputs), Inputs::always(), backward);
}

#define CAROUSEL_INSTANTIATE(Real) \
  template std::vector<Var<Real>> checkpoint(const Function<Real>&, const std::vector<Var<Real>>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
