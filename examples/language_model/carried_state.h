// States that are carried from step to step, as tensors, which a checkpoint can hold.
#pragma once

#include <vector>

#include "nn/state.h"

namespace carousel::program {

// Of each block the convolution's tensor, maybe undefined, and then the cell's.
template <class Real>
struct CarriedState {
  std::vector<std::vector<Tensor<Real>>> blocks;

  static void visit(auto& self, auto&& v) { v("blocks", self.blocks); }
};

template <class Real>
std::vector<CarriedState<Real>> to_tensors(const std::vector<ModelState<Real>>& states);

// On a device. Throws Error for a block without tensors.
template <class Real>
std::vector<ModelState<Real>> to_states(const std::vector<CarriedState<Real>>& carried,
                                        Device device);

}  // namespace carousel::program
