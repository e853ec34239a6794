// A gate over a value and its scaled skip: the end of the mLSTM layer, in one pass over memory.
#pragma once

#include <cstdint>

#include "core/bf16.h"
#include "kernels/activation.h"

namespace carousel {

template <class Real>
struct SkipGateForward {
  Activation f;
  const Real* gate;          // (N, C)
  const Real* x;             // (N, C)
  const Real* skip;          // (N, C)
  const Wide<Real>* weight;  // (C)
  Real* y;                   // (N, C)   f(gate) ⊙ (x + weight ⊙ skip)
  std::int64_t N, C;
};

// Adds into dgate, dx, dskip, dweight; a null pointer means "not wanted".
template <class Real>
struct SkipGateBackward {
  Activation f;
  const Real* dy;            // (N, C)
  const Real* gate;          // (N, C)
  const Real* x;             // (N, C)
  const Real* skip;          // (N, C)
  const Wide<Real>* weight;  // (C)
  Real* dgate;               // (N, C)  +=
  Real* dx;                  // (N, C)  +=
  Real* dskip;               // (N, C)  +=
  Wide<Real>* dweight;       // (C)     +=
  std::int64_t N, C;
};

}  // namespace carousel
