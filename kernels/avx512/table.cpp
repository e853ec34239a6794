#include "kernels/avx2/avx2.h"
#include "kernels/avx512/avx512.h"

namespace carousel::avx512 {

bool available() {
  return avx2::available() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

template <class Real>
const Kernels<Real>& table() {
  static const Kernels<Real> all = [] {
    Kernels<Real> result = avx2::table<Real>();
    result.name = "avx512";
#define CAROUSEL_OVERRIDE(function, Arguments) result.function = function;
    CAROUSEL_AVX512_KERNELS(CAROUSEL_OVERRIDE)
#undef CAROUSEL_OVERRIDE
    return result;
  }();
  return all;
}

template const Kernels<float>& table();
template const Kernels<double>& table();

}  // namespace carousel::avx512
