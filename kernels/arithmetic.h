// Sums and products, elementwise and per channel.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

template <class Real>
struct Add {
  const Real* a;  // (N)
  const Real* b;  // (N)
  Real* y;        // (N)  = a + b
  std::int64_t N;
};

template <class Real>
struct AddScaled {
  const Real* x;  // (N)
  Real* y;        // (N)  += factor · x
  std::int64_t N;
  double factor;
};

template <class Real>
struct AddProduct {
  const Real* a;  // (N)
  const Real* b;  // (N)
  Real* y;        // (N)  += a ⊙ b
  std::int64_t N;
};

template <class Real>
struct ChannelsForward {
  const Real* x;             // (N, C)
  const Wide<Real>* weight;  // (C)   null: ones
  const Wide<Real>* bias;    // (C)   null: zeros
  Real* y;                   // (N, C)  = weight ⊙ x + bias
  std::int64_t N, C;
};

// Backward kernels add into dx, dweight, dbias; a null pointer means "not wanted".
template <class Real>
struct ChannelsBackward {
  const Real* dy;            // (N, C)
  const Real* x;             // (N, C)
  const Wide<Real>* weight;  // (C)     null: ones
  Real* dx;                  // (N, C)  +=
  Wide<Real>* dweight;       // (C)     +=
  Wide<Real>* dbias;         // (C)     +=
  std::int64_t N, C;
};

}  // namespace carousel
