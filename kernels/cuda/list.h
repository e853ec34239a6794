// The lines of the kernel table that CUDA has: X(function, arguments), as in kernels/list.h.
#pragma once

// clang-format off
#define CAROUSEL_CUDA_KERNELS(X)                             \
  X(add, Add)                                                \
  X(add_product, AddProduct)                                 \
  X(add_scaled, AddScaled)                                   \
  X(block_diagonal_forward, BlockDiagonalForward)            \
  X(block_diagonal_backward, BlockDiagonalBackward)          \
  X(conv1d_forward, Conv1dForward)                           \
  X(conv1d_backward, Conv1dBackward)                         \
  X(lstm_forward, LstmForward)                               \
  X(lstm_backward, LstmBackward)                             \
  X(matmul, MatMul)                                          \
  X(slstm_forward, SlstmForward)                             \
  X(slstm_backward, SlstmBackward)
// clang-format on
