// The reference kernels: the equations as plain loops. They are the specification of every backend.
#pragma once

#include "kernels/kernels.h"

namespace carousel::reference {

#define CAROUSEL_DECLARE(function, Arguments) \
  template <class Real>                       \
  void function(const Arguments<Real>&);
CAROUSEL_KERNELS(CAROUSEL_DECLARE)
#undef CAROUSEL_DECLARE

// The table of all reference kernels.
template <class Real>
const Kernels<Real>& table();

}  // namespace carousel::reference
