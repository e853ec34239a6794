#include "kernels/avx2/avx2.h"
#include "kernels/reference/reference.h"

namespace carousel::avx2 {

bool available() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

template <class Real>
const Kernels<Real>& table() {
  static const Kernels<Real> all = [] {
    Kernels<Real> result = reference::table<Real>();
    result.name = "avx2";
#define CAROUSEL_OVERRIDE(function, Arguments) result.function = function;
    CAROUSEL_AVX2_KERNELS(CAROUSEL_OVERRIDE)
#undef CAROUSEL_OVERRIDE
    return result;
  }();
  return all;
}

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::avx2
