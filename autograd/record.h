// record: the last paragraph of every op. It gives the result its gradient slot and puts the
// backward function on the tape, or does neither when no tape is open or no input wants a gradient.
#pragma once

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "autograd/tape.h"
#include "autograd/var.h"

namespace carousel {

// Whether any of an op's inputs wants a gradient; their element types may differ.
struct Inputs {
  bool wanted = false;

  template <class... Vars>  // {x, weight, parts}, each a Var or several, without copying them
  Inputs(const Vars&... inputs) : wanted((any_wanted(inputs) || ...)) {}
  // For steps whose wanted gradients are not all among their inputs.
  static Inputs always() {
    Inputs inputs;
    inputs.wanted = true;
    return inputs;
  }

 private:
  template <class Real>
  static bool any_wanted(const Var<Real>& input) {
    return input.wanted();
  }
  template <class Real>
  static bool any_wanted(const std::vector<Var<Real>>& inputs) {
    return std::ranges::any_of(inputs, &Var<Real>::wanted);
  }
};

namespace detail {

template <class Real>
Slot<Real> make_slot(const Tensor<Real>& output, const Tape& tape) {
  return std::make_shared<Gradient<Real>>(output.shape(), output.device(), tape.id());
}

}  // namespace detail

// One output. make_backward() gives the step's function with what it saves, and is called only if
// there is a step: without a tape nothing is saved. backward(dy) gets the gradient of the loss with
// respect to the output, and runs only if one arrived.
template <class Real, class MakeBackward>
Var<Real> record(const char* name, Tensor<Real> output, const Inputs& inputs,
                 const MakeBackward& make_backward) {
  Tape* const tape = Tape::current();
  if (tape == nullptr || !inputs.wanted) return {std::move(output)};
  auto slot = detail::make_slot(output, *tape);
  tape->push(name, [slot, backward = make_backward()] {
    if (slot->arrived()) backward(slot->value());
  });
  return {std::move(output), std::move(slot)};
}

// Several outputs, each with its own slot and maybe of its own element type. backward(dy, dz, …)
// gets one gradient per output, zeros for outputs that nothing depends on, and runs only if at
// least one arrived.
template <class... Reals, class MakeBackward>
std::tuple<Var<Reals>...> record(const char* name, std::tuple<Tensor<Reals>...> outputs,
                                 const Inputs& inputs, const MakeBackward& make_backward) {
  Tape* const tape = Tape::current();
  const auto results = std::apply(
      [&](const Tensor<Reals>&... output) {
        if (tape == nullptr || !inputs.wanted) return std::tuple{Var<Reals>(output)...};
        return std::tuple{Var<Reals>(output, detail::make_slot(output, *tape))...};
      },
      outputs);
  if (tape == nullptr || !inputs.wanted) return results;
  auto slots =
      std::apply([](const Var<Reals>&... result) { return std::tuple{result.grad...}; }, results);
  tape->push(name, [slots = std::move(slots), backward = make_backward()] {
    std::apply(
        [&](const Slot<Reals>&... slot) {
          if ((slot->arrived() || ...)) backward(slot->value()...);
        },
        slots);
  });
  return results;
}

// As many outputs as there happen to be, of one element type. backward gets a vector.
template <class Real, class MakeBackward>
std::vector<Var<Real>> record(const char* name, std::vector<Tensor<Real>> outputs,
                              const Inputs& inputs, const MakeBackward& make_backward) {
  Tape* const tape = Tape::current();
  const bool recording = tape != nullptr && inputs.wanted;
  std::vector<Var<Real>> results;
  std::vector<Slot<Real>> slots;
  for (auto& output : outputs) {
    if (recording) slots.push_back(detail::make_slot(output, *tape));
    results.emplace_back(std::move(output), recording ? slots.back() : nullptr);
  }
  if (!recording) return results;
  tape->push(name, [slots = std::move(slots), backward = make_backward()] {
    if (std::ranges::none_of(slots, [](const auto& slot) { return slot->arrived(); })) return;
    std::vector<Tensor<Real>> upstream;
    for (const auto& slot : slots) upstream.push_back(slot->value());
    backward(upstream);
  });
  return results;
}

}  // namespace carousel
