// The backend for x86-64 processors with AVX2 and FMA.
#pragma once

#include "kernels/avx2/list.h"
#include "kernels/kernels.h"

namespace carousel::avx2 {

#define CAROUSEL_DECLARE(function, Arguments) \
  template <class Real>                       \
  void function(const Arguments<Real>&);
CAROUSEL_AVX2_KERNELS(CAROUSEL_DECLARE)
#undef CAROUSEL_DECLARE

// Whether this processor has what the kernels need.
bool available();

// The table of the kernels above, and the reference's for all others.
template <class Real>
const Kernels<Real>& table();

}  // namespace carousel::avx2
