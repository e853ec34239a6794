// The loop that measures the floating-point peak, on the widest registers of a region: compiled
// once for AVX2 and once for AVX-512.
#pragma once

#include <array>

#include "kernels/avx2/register.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::bench::CAROUSEL_SIMD {

using Register = carousel::CAROUSEL_SIMD::Register<float>;

// Every chain waits for itself only, and all of them stay in registers.
template <std::size_t chains>
float fma_loop(std::int64_t rounds) {
  const Register a = 0.5F, b = 1.0F;
  std::array<Register, chains> chain;
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (Register& x : chain) x = fma(x, a, b);
  }
  Register total;
  for (const Register& x : chain) total = total + x;
  float first[Register::lanes];
  total.store(first);
  return first[0];
}

}  // namespace carousel::bench::CAROUSEL_SIMD

CAROUSEL_AVX2_END
