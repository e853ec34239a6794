// The lines of the kernel table that CUDA has: X(function, arguments), as in kernels/list.h.
#pragma once

// clang-format off
#define CAROUSEL_CUDA_KERNELS(X)                             \
  X(add, Add)                                                \
  X(add_product, AddProduct)                                 \
  X(add_scaled, AddScaled)                                   \
  X(channels_backward, ChannelsBackward)                     \
  X(channels_forward, ChannelsForward)                       \
  X(reduce_broadcast, ReduceBroadcast)                       \
  X(reduce_sum, ReduceSum)
// clang-format on
