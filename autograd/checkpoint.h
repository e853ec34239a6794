// Activation checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost").
#pragma once

#include <functional>
#include <vector>

#include "autograd/var.h"

namespace carousel {

// A function of several Vars with several results.
template <class Real>
using Function = std::function<std::vector<Var<Real>>(const std::vector<Var<Real>>&)>;

// function(inputs), saving only the inputs: the backward pass runs the function again under a tape
// of its own. Parameters that the function captures receive their gradients as usual. The function
// must compute the same values each time it is called.
template <class Real>
std::vector<Var<Real>> checkpoint(const Function<Real>& function,
                                  const std::vector<Var<Real>>& inputs);

}  // namespace carousel
