// Every kernel, once: X(function, arguments). From these lists come the fields of a backend's table
// and the declarations of the reference kernels.
#pragma once

// clang-format off
// For every element type.
#define CAROUSEL_COMMON_KERNELS(X)                   \
  X(activation_forward, ActivationForward)           \
  X(activation_backward, ActivationBackward)         \
  X(block_diagonal_forward, BlockDiagonalForward)    \
  X(block_diagonal_backward, BlockDiagonalBackward)  \
  X(conv1d_forward, Conv1dForward)                   \
  X(conv1d_backward, Conv1dBackward)                 \
  X(add, Add)                                        \
  X(add_product, AddProduct)                         \
  X(add_scaled, AddScaled)                           \
  X(channels_backward, ChannelsBackward)             \
  X(channels_forward, ChannelsForward)               \
  X(dropout, Dropout)                                \
  X(embedding_forward, EmbeddingForward)             \
  X(embedding_backward, EmbeddingBackward)           \
  X(gate_forward, GateForward)                       \
  X(gate_backward, GateBackward)                     \
  X(layer_norm_forward, LayerNormForward)            \
  X(layer_norm_backward, LayerNormBackward)          \
  X(strided_add, StridedAdd)                         \
  X(matmul, MatMul)                                  \
  X(reduce_broadcast, ReduceBroadcast)               \
  X(reduce_sum, ReduceSum)                           \
  X(rms_norm_forward, RmsNormForward)                \
  X(rms_norm_backward, RmsNormBackward)              \
  X(skip_gate_forward, SkipGateForward)              \
  X(skip_gate_backward, SkipGateBackward)            \
  X(mlstm_chunkwise_forward, MlstmForward)           \
  X(mlstm_chunkwise_backward, MlstmBackward)         \
  X(mlstm_parallel_forward, MlstmForward)            \
  X(mlstm_parallel_backward, MlstmBackward)          \
  X(mlstm_recurrent_forward, MlstmForward)           \
  X(mlstm_recurrent_backward, MlstmBackward)

// For float and double only: what a model computes in them, whatever its activations are.
#define CAROUSEL_WIDE_KERNELS(X)                   \
  X(adamw_step, AdamWStep)                         \
  X(cross_entropy_forward, CrossEntropyForward)    \
  X(cross_entropy_backward, CrossEntropyBackward)  \
  X(lstm_forward, LstmForward)                     \
  X(lstm_backward, LstmBackward)                   \
  X(slstm_forward, SlstmForward)                   \
  X(slstm_backward, SlstmBackward)                 \
  X(soft_cap_forward, SoftCapForward)              \
  X(soft_cap_backward, SoftCapBackward)            \
  X(sum_of_squares, SumOfSquares)

// For bf16 only, on device cuda.
#define CAROUSEL_NARROW_KERNELS(X)  \
  X(matmul_wide, WideMatMul)        \
  X(narrow, Narrow)                 \
  X(widen, Widen)
// clang-format on

#define CAROUSEL_KERNELS(X)  \
  CAROUSEL_COMMON_KERNELS(X) \
  CAROUSEL_WIDE_KERNELS(X)
