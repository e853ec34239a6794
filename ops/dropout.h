// Dropout.
#pragma once

#include <string_view>

#include "autograd/var.h"
#include "core/random.h"

namespace carousel {

// Where masks come from: a stream of random numbers, of which every training step has a stretch.
struct DropoutStream {
  Random random;
  Tensor<std::int32_t> step;  // (1), on the device of what is dropped; undefined: step 0

  DropoutStream(Random stream, Tensor<std::int32_t> number = {})  // NOLINT: a Random is a stream
      : random(stream), step(std::move(number)) {}
  DropoutStream named(std::string_view name) const { return {random.named(name), step}; }
};

// y = x / (1 − p) where the element's random number is ≥ p, else 0. The mask is a function of
// stream and step alone, so the backward pass draws it again instead of storing it. p = 0 returns
// x. Throws Error for p outside [0, 1), and for a step on another device than x.
template <class Real>
Var<Real> dropout(const Var<Real>& x, double probability, const DropoutStream& stream);

}  // namespace carousel
