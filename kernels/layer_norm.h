// Layer norm over groups of channels (Ba et al. 2016); G = 1 is plain layer norm, G = NH with the
// heads' channels side by side is the multi-head layer norm: a GroupNorm per token.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

template <class Real>
struct LayerNormForward {
  const Real* x;             // (N, G, C)
  const Wide<Real>* weight;  // (G, C)   effective weight is weight_offset + weight; null: all ones
  const Wide<Real>* bias;    // (G, C)   null: none
  Real* y;                   // (N, G, C)
  Wide<Real>* mean;          // (N, G)
  Wide<Real>* rstd;          // (N, G)   1 / sqrt(variance + eps)
  std::int64_t N, G, C;
  double eps;
  double weight_offset;          // 0, or 1 where the stored weight is a residual
  const Real* branch = nullptr;  // (N, G, C)  what is normalised is x + branch; null: x alone
  Real* sum = nullptr;           // (N, G, C)  x + branch, where there is a branch
};

// Backward kernels add into dx, dweight, dbias, dbranch; a null pointer means "not wanted".
template <class Real>
struct LayerNormBackward {
  const Real* dy;            // (N, G, C)
  const Real* x;             // (N, G, C)   what was normalised: the sum, where there is a branch
  const Wide<Real>* weight;  // (G, C)
  const Wide<Real>* mean;    // (N, G)
  const Wide<Real>* rstd;    // (N, G)
  Real* dx;                  // (N, G, C)  +=
  Wide<Real>* dweight;       // (G, C)     +=
  Wide<Real>* dbias;         // (G, C)     +=
  std::int64_t N, G, C;
  double weight_offset;
  const Real* dsum = nullptr;  // (N, G, C)  the gradient at the sum itself; null: zeros
  Real* dbranch = nullptr;     // (N, G, C)  +=
};

}  // namespace carousel
