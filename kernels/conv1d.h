// Causal depthwise convolution over time, with the last inputs of what came before as its state.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

template <class Real>
struct Conv1dForward {
  const Real* x;              // (B, S, C)
  const Wide<Real>* weight;   // (C, KS)
  const Wide<Real>* bias;     // (C)            null: none
  const Wide<Real>* state;    // (B, KS − 1, C) the inputs before x, oldest first; null: zeros
  const std::int32_t* reset;  // (B, S)         nonzero: all that came before counts as zero
  Real* y;                    // (B, S, C)
  Wide<Real>* last;           // (B, KS − 1, C) the state after x
  std::int64_t B, S, C, KS;
};

// Adds into dx, dweight, dstate; a null pointer means "not wanted".
template <class Real>
struct Conv1dBackward {
  const Real* dy;             // (B, S, C)
  const Wide<Real>* dlast;    // (B, KS − 1, C)
  const Real* x;              // (B, S, C)
  const Wide<Real>* weight;   // (C, KS)
  const Wide<Real>* state;    // (B, KS − 1, C)
  const std::int32_t* reset;  // (B, S)
  Real* dx;                   // (B, S, C)       +=
  Wide<Real>* dweight;        // (C, KS)         +=
  Wide<Real>* dstate;         // (B, KS − 1, C)  +=
  std::int64_t B, S, C, KS;
};

}  // namespace carousel
