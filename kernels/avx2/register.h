// Register<Real>: the widest register there is, which products of matrices are computed in: a Pack,
// or with AVX-512 a register of 16 floats or 8 doubles. And how many rows and registers of c a tile
// has: with that many sums, a few of b and one of a, all registers have work.
#pragma once

#include "kernels/avx2/pack.h"

namespace carousel::CAROUSEL_SIMD {

#ifdef CAROUSEL_AVX512

CAROUSEL_AVX2_BEGIN

template <class Real>
struct Register;

template <>
struct Register<float> {
  static constexpr std::int64_t lanes = 16;
  __m512 v;

  Register() : v(_mm512_setzero_ps()) {}
  Register(__m512 lanes_) : v(lanes_) {}               // NOLINT: a register is a pack
  Register(float value) : v(_mm512_set1_ps(value)) {}  // NOLINT: a number stands for all lanes

  static __mmask16 mask(First part) { return static_cast<__mmask16>((1U << part.count) - 1); }
  static Register load(const float* from, Whole = {}) { return _mm512_loadu_ps(from); }
  static Register load(const float* from, First part) {
    return _mm512_maskz_loadu_ps(mask(part), from);
  }
  void store(float* to, Whole = {}) const { _mm512_storeu_ps(to, v); }
  void store(float* to, First part) const { _mm512_mask_storeu_ps(to, mask(part), v); }
};

template <>
struct Register<double> {
  static constexpr std::int64_t lanes = 8;
  __m512d v;

  Register() : v(_mm512_setzero_pd()) {}
  Register(__m512d lanes_) : v(lanes_) {}               // NOLINT: a register is a pack
  Register(double value) : v(_mm512_set1_pd(value)) {}  // NOLINT: a number stands for all lanes

  static __mmask8 mask(First part) { return static_cast<__mmask8>((1U << part.count) - 1); }
  static Register load(const double* from, Whole = {}) { return _mm512_loadu_pd(from); }
  static Register load(const double* from, First part) {
    return _mm512_maskz_loadu_pd(mask(part), from);
  }
  void store(double* to, Whole = {}) const { _mm512_storeu_pd(to, v); }
  void store(double* to, First part) const { _mm512_mask_storeu_pd(to, mask(part), v); }
};

inline Register<float> operator+(Register<float> a, Register<float> b) {
  return _mm512_add_ps(a.v, b.v);
}
inline Register<double> operator+(Register<double> a, Register<double> b) {
  return _mm512_add_pd(a.v, b.v);
}
inline Register<float> fma(Register<float> a, Register<float> b, Register<float> c) {
  return _mm512_fmadd_ps(a.v, b.v, c.v);
}
inline Register<double> fma(Register<double> a, Register<double> b, Register<double> c) {
  return _mm512_fmadd_pd(a.v, b.v, c.v);
}

// The sum of all lanes. (maskz: g++ 12 warns of the plain halves.)
inline float sum(Register<float> a) {
  return sum(Pack<float>(_mm512_maskz_extractf32x8_ps(0xFF, a.v, 0)) +
             Pack<float>(_mm512_maskz_extractf32x8_ps(0xFF, a.v, 1)));
}
inline double sum(Register<double> a) {
  return sum(Pack<double>(_mm512_maskz_extractf64x4_pd(0xF, a.v, 0)) +
             Pack<double>(_mm512_maskz_extractf64x4_pd(0xF, a.v, 1)));
}

CAROUSEL_AVX2_END

constexpr std::int64_t tile_rows = 12;  // of 32 registers, 24 are sums

#else

template <class Real>
using Register = Pack<Real>;

constexpr std::int64_t tile_rows = 6;  // of 16 registers, 12 are sums

#endif

constexpr std::int64_t tile_packs = 2;
template <class Real>
constexpr std::int64_t tile_columns = tile_packs* Register<Real>::lanes;

}  // namespace carousel::CAROUSEL_SIMD
