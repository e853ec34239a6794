// The lines of the kernel table that AVX2 overrides: X(function, arguments), as in kernels/list.h.
#pragma once

// clang-format off
#define CAROUSEL_AVX2_KERNELS(X)                             \
  X(add, Add)                                                \
  X(add_product, AddProduct)                                 \
  X(add_scaled, AddScaled)                                   \
  X(matmul, MatMul)
// clang-format on
