// Functions between CAROUSEL_AVX2_BEGIN and CAROUSEL_AVX2_END are compiled for AVX2 and FMA, all
// others for any x86-64: the program starts everywhere, and the table of these kernels is chosen at
// run time.
//
// Include every other header first. What a header defines outside of a region may be shared with
// other translation units, and must not need more than any x86-64 has.
//
// What a translation unit under kernels/avx512/ includes from here is compiled for AVX-512, in a
// namespace of its own: CAROUSEL_SIMD is avx2 or avx512.
#pragma once

#ifdef CAROUSEL_AVX512
#define CAROUSEL_SIMD avx512
#define CAROUSEL_TARGET "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"
#else
#define CAROUSEL_SIMD avx2
#define CAROUSEL_TARGET "avx2,fma"
#endif

#define CAROUSEL_PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define CAROUSEL_BEGIN_FOR(target_) \
  CAROUSEL_PRAGMA(clang attribute push(__attribute__((target(target_))), apply_to = function))
#define CAROUSEL_AVX2_BEGIN CAROUSEL_BEGIN_FOR(CAROUSEL_TARGET)
#define CAROUSEL_AVX2_END _Pragma("clang attribute pop")
#else
#define CAROUSEL_BEGIN_FOR(target_) _Pragma("GCC push_options") CAROUSEL_PRAGMA(GCC target(target_))
#define CAROUSEL_AVX2_BEGIN CAROUSEL_BEGIN_FOR(CAROUSEL_TARGET)
#define CAROUSEL_AVX2_END _Pragma("GCC pop_options")
#endif
