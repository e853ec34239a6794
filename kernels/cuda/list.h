// The lines of the kernel table that CUDA has: X(function, arguments), as in kernels/list.h.
#pragma once

// clang-format off
#define CAROUSEL_CUDA_KERNELS(X)                             \
  X(activation_forward, ActivationForward)                   \
  X(activation_backward, ActivationBackward)                 \
  X(adamw_step, AdamWStep)                                   \
  X(add, Add)                                                \
  X(add_product, AddProduct)                                 \
  X(add_scaled, AddScaled)                                   \
  X(channels_backward, ChannelsBackward)                     \
  X(channels_forward, ChannelsForward)                       \
  X(cross_entropy_forward, CrossEntropyForward)              \
  X(cross_entropy_backward, CrossEntropyBackward)            \
  X(dropout, Dropout)                                        \
  X(embedding_forward, EmbeddingForward)                     \
  X(embedding_backward, EmbeddingBackward)                   \
  X(gate_forward, GateForward)                               \
  X(gate_backward, GateBackward)                             \
  X(layer_norm_forward, LayerNormForward)                    \
  X(layer_norm_backward, LayerNormBackward)                  \
  X(mlstm_chunkwise_forward, MlstmForward)                   \
  X(mlstm_chunkwise_backward, MlstmBackward)                 \
  X(mlstm_parallel_forward, MlstmForward)                    \
  X(mlstm_parallel_backward, MlstmBackward)                  \
  X(mlstm_recurrent_forward, MlstmForward)                   \
  X(mlstm_recurrent_backward, MlstmBackward)                 \
  X(reduce_broadcast, ReduceBroadcast)                       \
  X(reduce_sum, ReduceSum)                                   \
  X(rms_norm_forward, RmsNormForward)                        \
  X(rms_norm_backward, RmsNormBackward)                      \
  X(skip_gate_forward, SkipGateForward)                      \
  X(skip_gate_backward, SkipGateBackward)                    \
  X(soft_cap_forward, SoftCapForward)                        \
  X(soft_cap_backward, SoftCapBackward)                      \
  X(strided_add, StridedAdd)                                 \
  X(sum_of_squares, SumOfSquares)
// clang-format on
