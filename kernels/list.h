// Every kernel, once: X(function, arguments). From this list come the fields of a backend's table
// and the declarations of the reference kernels.
#pragma once

// clang-format off
#define CAROUSEL_KERNELS(X)                                  \
  X(layer_norm_forward, LayerNormForward)                    \
  X(layer_norm_backward, LayerNormBackward)
// clang-format on
