// RMS norm over groups of channels (Zhang & Sennrich 2019): layer norm without the mean.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

template <class Real>
struct RmsNormForward {
  const Real* x;             // (N, G, C)
  const Wide<Real>* weight;  // (G, C)   effective weight is weight_offset + weight; null: all ones
  const Wide<Real>* bias;    // (G, C)   null: none
  Real* y;                   // (N, G, C)
  Wide<Real>* rrms;          // (N, G)   1 / sqrt(mean of x² + eps)
  std::int64_t N, G, C;
  double eps;
  double weight_offset;  // 0, or 1 where the stored weight is a residual
};

// Adds into dx, dweight, dbias; a null pointer means "not wanted".
template <class Real>
struct RmsNormBackward {
  const Real* dy;            // (N, G, C)
  const Real* x;             // (N, G, C)
  const Wide<Real>* weight;  // (G, C)
  const Wide<Real>* rrms;    // (N, G)
  Real* dx;                  // (N, G, C)  +=
  Wide<Real>* dweight;       // (G, C)     +=
  Wide<Real>* dbias;         // (G, C)     +=
  std::int64_t N, G, C;
  double weight_offset;
};

}  // namespace carousel
