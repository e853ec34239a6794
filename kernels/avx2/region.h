// Functions between CAROUSEL_AVX2_BEGIN and CAROUSEL_AVX2_END are compiled for AVX2 and FMA, all
// others for any x86-64: the program starts everywhere, and the table of these kernels is chosen at
// run time.
//
// Include every other header first. What a header defines outside of a region may be shared with
// other translation units, and must not need more than any x86-64 has.
#pragma once

#if defined(__clang__)
#define CAROUSEL_AVX2_BEGIN \
  _Pragma("clang attribute push(__attribute__((target(\"avx2,fma\"))), apply_to = function)")
#define CAROUSEL_AVX2_END _Pragma("clang attribute pop")
#else
#define CAROUSEL_AVX2_BEGIN _Pragma("GCC push_options") _Pragma("GCC target(\"avx2,fma\")")
#define CAROUSEL_AVX2_END _Pragma("GCC pop_options")
#endif
