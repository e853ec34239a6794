// Kernels<Real>: one table of function pointers per backend and element type.
#pragma once

#include <span>
#include <string_view>

#include "core/device.h"
#include "kernels/activation.h"
#include "kernels/adamw.h"
#include "kernels/arithmetic.h"
#include "kernels/block_diagonal.h"
#include "kernels/conv1d.h"
#include "kernels/convert.h"
#include "kernels/cross_entropy.h"
#include "kernels/dropout.h"
#include "kernels/embedding.h"
#include "kernels/layer_norm.h"
#include "kernels/layout.h"
#include "kernels/list.h"
#include "kernels/lstm.h"
#include "kernels/matmul.h"
#include "kernels/mlstm.h"
#include "kernels/reduce.h"
#include "kernels/rms_norm.h"
#include "kernels/skip_gate.h"
#include "kernels/slstm.h"

namespace carousel {

template <class Real>
struct Kernels {
  const char* name;
#define CAROUSEL_FIELD(function, Arguments) void (*function)(const Arguments<Real>&);
  CAROUSEL_KERNELS(CAROUSEL_FIELD)
};

// Of bf16 there are kernels on device cuda only. Each computes in float and rounds its results.
template <>
struct Kernels<bf16> {
  using Real = bf16;
  const char* name;
  CAROUSEL_COMMON_KERNELS(CAROUSEL_FIELD)
  CAROUSEL_NARROW_KERNELS(CAROUSEL_FIELD)
};
#undef CAROUSEL_FIELD

// The kernels for arrays on a device: the best backend this machine has, or the one that
// use_backend or the environment variable CAROUSEL_BACKEND names.
// Throws Error when the device or the named backend is not available, or has no kernels of Real.
template <class Real>
const Kernels<Real>& kernels(Device device);
template <>
const Kernels<bf16>& kernels(Device device);

// Forces a backend of the cpu by name. Throws Error, naming the available ones, for another name.
void use_backend(std::string_view name);

// The backends that this build and this machine have, the reference first.
std::span<const std::string_view> available_backends();

// The name of the backend in use on the cpu.
std::string_view backend();

}  // namespace carousel
