// The lines of the kernel table that CUDA has: X(function, arguments), as in kernels/list.h.
#pragma once

// clang-format off
#define CAROUSEL_CUDA_KERNELS(X)                             \
  X(add, Add)                                                \
  X(add_product, AddProduct)                                 \
  X(add_scaled, AddScaled)
// clang-format on
