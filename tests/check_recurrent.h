// Checks of ops that run along a sequence and carry a state.
#pragma once

#include <functional>

#include "autograd/var.h"

namespace carousel {

template <class Real>
using Vars = std::vector<Var<Real>>;

// A recurrent op and what to call it with.
template <class Real>
struct Recurrent {
  // (sequences, weights, state, reset) ↦ y (B, S, …), then the final state. No state: zeros.
  std::function<Vars<Real>(const Vars<Real>&, const Vars<Real>&, const Vars<Real>&,
                           const Tensor<std::int32_t>&)>
      call;
  std::vector<Tensor<Real>> sequences;  // (B, S, …) each
  std::vector<Tensor<Real>> weights;
  std::vector<Tensor<Real>> state;  // (B, …) each
  Tensor<std::int32_t> reset;       // (B, S) or undefined
};

// The same problem on a device; its resets stay where the host can read them.
template <class Real>
Recurrent<Real> on(Device device, Recurrent<Real> r) {
  for (auto* tensors : {&r.sequences, &r.weights, &r.state}) {
    for (auto& tensor : *tensors) tensor = tensor.to(device);
  }
  return r;
}

// What a run gives: y and the final state, and for a random upstream gradient of all of these the
// gradients of every sequence, weight and initial state.
template <class Real>
struct Outcome {
  std::vector<Tensor<Real>> outputs, gradients;
};

// The random upstream gradient of a run with such outputs.
template <class Real>
std::vector<Tensor<Real>> upstream_of(const std::vector<Tensor<Real>>& outputs);

template <class Real>
Outcome<Real> run(const Recurrent<Real>& r);

// Segments of many kinds, and token by token, equal the whole: values and gradients.
template <class Real>
void check_segments(const Recurrent<Real>& r);

// Documents apart equal the whole with its resets: values bit for bit, and gradients.
template <class Real>
void check_documents(const Recurrent<Real>& r);

// The largest relative error among the tensors of a list.
template <class Real>
double worst_error(const std::vector<Tensor<Real>>& a, const std::vector<Tensor<Real>>& b);

}  // namespace carousel
