// record: the last paragraph of every op. It gives the result its gradient slot and puts the
// backward function on the tape, or does neither when no tape is open or no input wants a gradient.
#pragma once

#include <concepts>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/tape.h"
#include "autograd/var.h"

namespace carousel {

// Whether any of an op's inputs wants a gradient.
template <class Real>
struct Inputs {
  bool wanted = false;

  template <std::same_as<Var<Real>>... Vars>  // {x, weight}, without copying them
  Inputs(const Vars&... inputs) : wanted((inputs.wanted() || ...)) {}
  Inputs(std::span<const Var<Real>> inputs) {
    for (const auto& input : inputs) wanted = wanted || input.wanted();
  }
  // For steps whose wanted gradients are not all among their inputs.
  static Inputs always() { return Inputs(true); }

 private:
  explicit Inputs(bool any) : wanted(any) {}
};

// One output. backward(dy) gets the gradient of the loss with respect to it, and runs only if one
// arrived.
template <class Real, class Backward>
Var<Real> record(const char* name, Tensor<Real> output,
                 const std::type_identity_t<Inputs<Real>>& inputs, Backward backward) {
  Tape* const tape = Tape::current();
  if (tape == nullptr || !inputs.wanted) return {std::move(output)};
  auto slot = std::make_shared<Gradient<Real>>(output.shape(), output.device(), tape->id());
  tape->push(name, [slot, backward = std::move(backward)] {
    if (slot->arrived()) backward(slot->value());
  });
  return {std::move(output), std::move(slot)};
}

// Several outputs, each with its own slot. backward(d) gets one gradient per output, zeros for
// outputs that nothing depends on, and runs only if at least one arrived.
template <class Real, class Backward>
std::vector<Var<Real>> record(const char* name, std::vector<Tensor<Real>> outputs,
                              const std::type_identity_t<Inputs<Real>>& inputs, Backward backward) {
  Tape* const tape = Tape::current();
  const bool recording = tape != nullptr && inputs.wanted;
  std::vector<Var<Real>> results;
  std::vector<Slot<Real>> slots;
  for (auto& output : outputs) {
    if (recording) {
      slots.push_back(
          std::make_shared<Gradient<Real>>(output.shape(), output.device(), tape->id()));
    }
    results.emplace_back(std::move(output), recording ? slots.back() : nullptr);
  }
  if (!recording) return results;
  tape->push(name, [slots = std::move(slots), backward = std::move(backward)] {
    bool any = false;
    for (const auto& slot : slots) any = any || slot->arrived();
    if (!any) return;
    std::vector<Tensor<Real>> upstream;
    for (const auto& slot : slots) upstream.push_back(slot->value());
    backward(upstream);
  });
  return results;
}

}  // namespace carousel
