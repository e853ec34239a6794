#include "examples/language_model/carried_state.h"

#include "core/error.h"

namespace carousel::program {

template <class Real>
std::vector<CarriedState<Real>> to_tensors(const std::vector<ModelState<Real>>& states) {
  std::vector<CarriedState<Real>> result;
  for (const auto& state : states) {
    auto& blocks = result.emplace_back().blocks;
    for (const auto& block : state.blocks) {
      auto& tensors = blocks.emplace_back(1, block.conv.value);
      for (const auto& var : block.cell) tensors.push_back(var.value);
    }
  }
  return result;
}

template <class Real>
std::vector<ModelState<Real>> to_states(const std::vector<CarriedState<Real>>& carried,
                                        Device device) {
  std::vector<ModelState<Real>> result;
  for (const auto& [blocks] : carried) {
    auto& state = result.emplace_back();
    for (const auto& tensors : blocks) {
      CAROUSEL_CHECK(!tensors.empty(), "a carried state has a block without tensors");
      auto& block = state.blocks.emplace_back();
      block.conv = Var<Real>(tensors.front().to(device));
      for (std::size_t i = 1; i < tensors.size(); ++i)
        block.cell.emplace_back(tensors[i].to(device));
    }
  }
  return result;
}

template std::vector<CarriedState<float>> to_tensors(const std::vector<ModelState<float>>&);
template std::vector<CarriedState<double>> to_tensors(const std::vector<ModelState<double>>&);
template std::vector<ModelState<float>> to_states(const std::vector<CarriedState<float>>&, Device);
template std::vector<ModelState<double>> to_states(const std::vector<CarriedState<double>>&,
                                                   Device);

}  // namespace carousel::program
