// One run of a case's function, forward and backward.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "autograd/tape.h"
#include "core/random.h"
#include "tests/check_op.h"

namespace carousel {

// Outputs, then the gradient of every input; on the cpu.
template <class Real>
struct CaseRun {
  std::vector<Tensor<Real>> outputs, gradients;
};

// The upstream gradient of an output, in the elements asked for.
template <class Real>
Tensor<Real> upstream_of(const Shape& shape, std::size_t output) {
  return random_normal<Real>(shape, Random{7, output});
}

// The function forward and backward, as often as asked, into the same slots.
template <class Real, class F, class Upstream = decltype(&upstream_of<Real>)>
CaseRun<Real> run_function(const F& function, const std::vector<Tensor<Real>>& inputs,
                           Device device, int times = 1,
                           const Upstream& make_upstream = upstream_of<Real>) {
  CaseRun<Real> result;
  std::vector<Var<Real>> leaves;
  for (const auto& input : inputs) leaves.push_back(parameter(input));
  for (int i = 0; i < times; ++i) {
    Tape tape;
    std::vector<Var<Real>> wanted;
    std::vector<Tensor<Real>> upstream;
    result.outputs.clear();
    for (const auto& output : function(leaves)) {
      CHECK(output.device() == device);
      result.outputs.push_back(output.value.to(Device::cpu));
      if (!output.wanted()) continue;
      wanted.push_back(output);
      upstream.push_back(make_upstream(output.shape(), wanted.size()).to(device));
    }
    tape.backward(std::span<const Var<Real>>(wanted), std::span<const Tensor<Real>>(upstream));
  }
  for (const auto& leaf : leaves) result.gradients.push_back(leaf.grad->value().to(Device::cpu));
  return result;
}

template <class Real>
void check_identical(const CaseRun<Real>& a, const CaseRun<Real>& b) {
  REQUIRE(a.outputs.size() == b.outputs.size());
  for (std::size_t i = 0; i < a.outputs.size(); ++i) CHECK(identical(a.outputs[i], b.outputs[i]));
  for (std::size_t i = 0; i < a.gradients.size(); ++i) {
    CHECK(identical(a.gradients[i], b.gradients[i]));
  }
}

template <class Real>
void check_finite(const CaseRun<Real>& run) {
  const auto finite = [](const Tensor<Real>& x) {
    const auto values = x.values();
    return std::all_of(values.begin(), values.end(), [](Real y) { return std::isfinite(y); });
  };
  for (const auto& output : run.outputs) CHECK(finite(output));
  for (const auto& gradient : run.gradients) CHECK(finite(gradient));
}

}  // namespace carousel
