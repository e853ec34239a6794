// The table that a GPU backend starts from.
#pragma once

#include "core/cuda/memory.h"
#include "core/error.h"
#include "kernels/kernels.h"

namespace carousel::cuda {

// Every line throws Error, saying which kernel device cuda lacks.
template <class Real>
Kernels<Real> missing_kernels() {
  Kernels<Real> result;
  result.name = "cuda";
#define CAROUSEL_MISSING(function, Arguments)                  \
  result.function = [](const Arguments<Real>&) {               \
    fail("device cuda: there is no kernel " #function " yet"); \
  };
  CAROUSEL_KERNELS(CAROUSEL_MISSING)
#undef CAROUSEL_MISSING
  return result;
}

}  // namespace carousel::cuda
