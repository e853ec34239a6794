// The backend for x86-64 processors with AVX-512: the AVX2 kernels that are products of matrices,
// on registers of twice the width, and the other AVX2 kernels as they are.
#pragma once

#include "kernels/kernels.h"

// clang-format off
#define CAROUSEL_AVX512_KERNELS(X)                           \
  X(block_diagonal_forward, BlockDiagonalForward)            \
  X(block_diagonal_backward, BlockDiagonalBackward)          \
  X(matmul, MatMul)                                          \
  X(mlstm_chunkwise_forward, MlstmForward)                   \
  X(mlstm_chunkwise_backward, MlstmBackward)
// clang-format on

namespace carousel::avx512 {

#define CAROUSEL_DECLARE(function, Arguments) \
  template <class Real>                       \
  void function(const Arguments<Real>&);
CAROUSEL_AVX512_KERNELS(CAROUSEL_DECLARE)
#undef CAROUSEL_DECLARE

// Whether this processor has what the kernels need.
bool available();

template <class Real>
const Kernels<Real>& table();

}  // namespace carousel::avx512
