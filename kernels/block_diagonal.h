// Block-diagonal (headwise) linear map: every block of channels has a small matrix of its own.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

template <class Real>
struct BlockDiagonalForward {
  const Real* x;             // (N, K, I)
  const Wide<Real>* weight;  // (K, O, I)
  const Wide<Real>* bias;    // (K, O)     null: none
  Real* y;                   // (N, K, O)
  std::int64_t N, K, O, I;   // rows, blocks, outputs and inputs of a block
};

// Adds into dx and dweight; a null pointer means "not wanted".
template <class Real>
struct BlockDiagonalBackward {
  const Real* dy;            // (N, K, O)
  const Real* x;             // (N, K, I)
  const Wide<Real>* weight;  // (K, O, I)
  Real* dx;                  // (N, K, I)  +=
  Wide<Real>* dweight;       // (K, O, I)  +=
  std::int64_t N, K, O, I;
};

}  // namespace carousel
