// Embedding: rows of a table picked by ids.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

template <class Real>
struct EmbeddingForward {
  const std::int32_t* ids;   // (N)  each in [0, V)
  const Wide<Real>* weight;  // (V, C)
  Real* y;                   // (N, C)
  std::int64_t N, C;
};

template <class Real>
struct EmbeddingBackward {
  const std::int32_t* ids;  // (N)
  const Real* dy;           // (N, C)
  Wide<Real>* dweight;      // (V, C)  +=
  std::int64_t N, C, V;
};

}  // namespace carousel
