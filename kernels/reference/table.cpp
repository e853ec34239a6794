#include "kernels/reference/reference.h"

namespace carousel::reference {

template <class Real>
const Kernels<Real>& table() {
#define CAROUSEL_ENTRY(function, Arguments) .function = function<Real>,
  static constexpr Kernels<Real> instance{.name = "reference", CAROUSEL_KERNELS(CAROUSEL_ENTRY)};
#undef CAROUSEL_ENTRY
  return instance;
}

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::reference
