// RMS norm over groups of channels (Zhang & Sennrich 2019): layer norm without the mean.
#pragma once

#include <cstdint>

namespace carousel {

template <class Real>
struct RmsNormForward {
  const Real* x;       // (N, G, C)
  const Real* weight;  // (G, C)   effective weight is weight_offset + weight; null: all ones
  const Real* bias;    // (G, C)   null: none
  Real* y;             // (N, G, C)
  Real* rrms;          // (N, G)   1 / sqrt(mean of x² + eps)
  std::int64_t N, G, C;
  double eps;
  double weight_offset;  // 0, or 1 where the stored weight is a residual
};

// Adds into dx, dweight, dbias; a null pointer means "not wanted".
template <class Real>
struct RmsNormBackward {
  const Real* dy;      // (N, G, C)
  const Real* x;       // (N, G, C)
  const Real* weight;  // (G, C)
  const Real* rrms;    // (N, G)
  Real* dx;            // (N, G, C)  +=
  Real* dweight;       // (G, C)     +=
  Real* dbias;         // (G, C)     +=
  std::int64_t N, G, C;
  double weight_offset;
};

}  // namespace carousel
