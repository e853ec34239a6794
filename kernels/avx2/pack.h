// Pack<Real>: a register full of numbers, 8 floats or 4 doubles, and the arithmetic on it.
//
// Kernels written on packs serve float and double alike, so a gradient check in double precision
// checks the very loops that train in single precision.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <limits>

#include "kernels/avx2/region.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

// How many of a pack's lanes an access touches: all, or the first count of them, 0 < count < lanes.
struct Whole {};
struct First {
  std::int64_t count;
};

template <class Real>
struct Pack;

template <>
struct Pack<float> {
  static constexpr std::int64_t lanes = 8;
  __m256 v;

  Pack() : v(_mm256_setzero_ps()) {}
  Pack(__m256 lanes_) : v(lanes_) {}               // NOLINT: a register is a pack
  Pack(float value) : v(_mm256_set1_ps(value)) {}  // NOLINT: a number stands for all lanes

  // All bits set in the first count lanes.
  static __m256i mask(First part) {
    const auto lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(part.count)), lane);
  }
  static Pack load(const float* from, Whole = {}) { return _mm256_loadu_ps(from); }
  static Pack load(const float* from, First part) { return _mm256_maskload_ps(from, mask(part)); }
  void store(float* to, Whole = {}) const { _mm256_storeu_ps(to, v); }
  void store(float* to, First part) const { _mm256_maskstore_ps(to, mask(part), v); }
};

template <>
struct Pack<double> {
  static constexpr std::int64_t lanes = 4;
  __m256d v;

  Pack() : v(_mm256_setzero_pd()) {}
  Pack(__m256d lanes_) : v(lanes_) {}               // NOLINT: a register is a pack
  Pack(double value) : v(_mm256_set1_pd(value)) {}  // NOLINT: a number stands for all lanes

  static __m256i mask(First part) {
    const auto lane = _mm256_setr_epi64x(0, 1, 2, 3);
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(part.count), lane);
  }
  static Pack load(const double* from, Whole = {}) { return _mm256_loadu_pd(from); }
  static Pack load(const double* from, First part) { return _mm256_maskload_pd(from, mask(part)); }
  void store(double* to, Whole = {}) const { _mm256_storeu_pd(to, v); }
  void store(double* to, First part) const { _mm256_maskstore_pd(to, mask(part), v); }
};

using Floats = Pack<float>;
using Doubles = Pack<double>;

inline Floats operator+(Floats a, Floats b) { return _mm256_add_ps(a.v, b.v); }
inline Doubles operator+(Doubles a, Doubles b) { return _mm256_add_pd(a.v, b.v); }
inline Floats operator-(Floats a, Floats b) { return _mm256_sub_ps(a.v, b.v); }
inline Doubles operator-(Doubles a, Doubles b) { return _mm256_sub_pd(a.v, b.v); }
inline Floats operator*(Floats a, Floats b) { return _mm256_mul_ps(a.v, b.v); }
inline Doubles operator*(Doubles a, Doubles b) { return _mm256_mul_pd(a.v, b.v); }
inline Floats operator/(Floats a, Floats b) { return _mm256_div_ps(a.v, b.v); }
inline Doubles operator/(Doubles a, Doubles b) { return _mm256_div_pd(a.v, b.v); }
inline Floats operator-(Floats a) { return _mm256_xor_ps(a.v, _mm256_set1_ps(-0.0F)); }
inline Doubles operator-(Doubles a) { return _mm256_xor_pd(a.v, _mm256_set1_pd(-0.0)); }

// Bit by bit.
inline Floats operator&(Floats a, Floats b) { return _mm256_and_ps(a.v, b.v); }
inline Doubles operator&(Doubles a, Doubles b) { return _mm256_and_pd(a.v, b.v); }
inline Floats operator|(Floats a, Floats b) { return _mm256_or_ps(a.v, b.v); }
inline Doubles operator|(Doubles a, Doubles b) { return _mm256_or_pd(a.v, b.v); }

// a b + c and c − a b, rounded once.
inline Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a.v, b.v, c.v); }
inline Doubles fma(Doubles a, Doubles b, Doubles c) { return _mm256_fmadd_pd(a.v, b.v, c.v); }
inline Floats fnma(Floats a, Floats b, Floats c) { return _mm256_fnmadd_ps(a.v, b.v, c.v); }
inline Doubles fnma(Doubles a, Doubles b, Doubles c) { return _mm256_fnmadd_pd(a.v, b.v, c.v); }

// Where a lane of either is NaN, these give that of b.
inline Floats min(Floats a, Floats b) { return _mm256_min_ps(a.v, b.v); }
inline Doubles min(Doubles a, Doubles b) { return _mm256_min_pd(a.v, b.v); }
inline Floats max(Floats a, Floats b) { return _mm256_max_ps(a.v, b.v); }
inline Doubles max(Doubles a, Doubles b) { return _mm256_max_pd(a.v, b.v); }

// The lanes of a that an access touches, and zeros.
inline Floats keep(Floats a, Whole) { return a; }
inline Doubles keep(Doubles a, Whole) { return a; }
inline Floats keep(Floats a, First part) {
  return _mm256_and_ps(a.v, _mm256_castsi256_ps(Floats::mask(part)));
}
inline Doubles keep(Doubles a, First part) {
  return _mm256_and_pd(a.v, _mm256_castsi256_pd(Doubles::mask(part)));
}

inline Floats sqrt(Floats a) { return _mm256_sqrt_ps(a.v); }
inline Doubles sqrt(Doubles a) { return _mm256_sqrt_pd(a.v); }
inline Floats abs(Floats a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a.v); }
inline Doubles abs(Doubles a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a.v); }

// Comparisons set all bits of the lanes where they hold, which is nowhere for NaN.
inline Floats operator<(Floats a, Floats b) { return _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ); }
inline Doubles operator<(Doubles a, Doubles b) { return _mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ); }
inline Floats operator<=(Floats a, Floats b) { return _mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ); }
inline Doubles operator<=(Doubles a, Doubles b) { return _mm256_cmp_pd(a.v, b.v, _CMP_LE_OQ); }
inline Floats operator>(Floats a, Floats b) { return b < a; }
inline Doubles operator>(Doubles a, Doubles b) { return b < a; }
inline Floats operator==(Floats a, Floats b) { return _mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ); }
inline Doubles operator==(Doubles a, Doubles b) { return _mm256_cmp_pd(a.v, b.v, _CMP_EQ_OQ); }

// chosen where the mask is set, other elsewhere.
inline Floats select(Floats mask, Floats chosen, Floats other) {
  return _mm256_blendv_ps(other.v, chosen.v, mask.v);
}
inline Doubles select(Doubles mask, Doubles chosen, Doubles other) {
  return _mm256_blendv_pd(other.v, chosen.v, mask.v);
}

// The sum and the maximum of all lanes.
inline float sum(Floats a) {
  const __m128 half = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  const __m128 pair = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}
inline double sum(Doubles a) {
  const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(a.v), _mm256_extractf128_pd(a.v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}
inline float maximum(Floats a) {
  const __m128 half = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  const __m128 pair = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
}
inline double maximum(Doubles a) {
  const __m128d half = _mm_max_pd(_mm256_castpd256_pd128(a.v), _mm256_extractf128_pd(a.v, 1));
  return _mm_cvtsd_f64(_mm_max_sd(half, _mm_unpackhi_pd(half, half)));
}

// Calls body(i, part) for the packs that [begin, end) falls into: part is Whole for all but a last
// one that is not full, and goes on to load and store.
template <class Real, class Body>
inline void for_packs(std::int64_t begin, std::int64_t end, const Body& body) {
  std::int64_t i = begin;
  for (; i + Pack<Real>::lanes <= end; i += Pack<Real>::lanes) body(i, Whole{});
  if (i < end) body(i, First{end - i});
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
