// The Gaussian error linear unit x Φ(x) and its slope, on packs.
#pragma once

#include <array>
#include <cmath>
#include <numbers>

#include "kernels/avx2/math.h"
#include "kernels/avx2/pack.h"
#include "kernels/avx2/region.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

// f(x) and f'(x).
template <class P>
struct ValueAndSlope {
  P value, slope;
};

namespace math {

// e^(−x²/2) from x², wrong by 2^−28, and zero from x² = 1418 on. It is 2^u = 2^n 2^r with |r| ≤
// 1/2.
inline Doubles gaussian_in_brief(Doubles square) {
  constexpr std::array polynomial_of_r = {1.0,
                                          0.69314720285521586,
                                          0.24022647913347882,
                                          0.055503324674331692,
                                          0.0096184373613692968,
                                          0.0013398876493607316,
                                          0.00015353368060713485};
  const Doubles half_log2_e = -std::numbers::log2e / 2;
  // Adding 1.5 · 2^52 leaves no bits behind the point.
  const Doubles shift = 0x1.8p52;
  square = min(Doubles(1418.0), square);
  const Doubles shifted = fma(square, half_log2_e, shift);
  const Doubles r = fma(square, half_log2_e, shift - shifted);
  const __m256i n = _mm256_castpd_si256(shifted.v);
  const __m256i exponent = _mm256_slli_epi64(_mm256_add_epi64(n, _mm256_set1_epi64x(1023)), 52);
  return polynomial(r, polynomial_of_r) * Doubles(_mm256_castsi256_pd(exponent));
}

// Φ(x) for the normal distribution and its density φ(x) = e^(−x²/2) / √(2π).
struct Normal {
  Doubles distribution, density;
};

// With t = 1 / (|x| + 3.8) the polynomial is a minimax approximation of Φ(−|x|) e^(x²/2) / t for
// |x| ≤ 13.2, wrong by 2^−26; beyond, x Φ(x) is subnormal in single precision, and soon zero.
inline Normal normal_in_brief(Doubles x) {
  constexpr std::array polynomial_of_t = {
      0.39905026313290593, 1.5074012619681254,  5.6555652909387563,
      11.663099220105396,  117.87275355799454,  -399.43382380718354,
      2673.3299223854640,  -6490.1714664856104, 5140.7588453065581};
  const Doubles t = 1 / (abs(x) + 3.8);
  const Doubles e = gaussian_in_brief(x * x);
  const Doubles tail = polynomial(t, polynomial_of_t) * (t * e);
  const Doubles density = std::numbers::inv_sqrtpi / std::numbers::sqrt2 * e;
  return {select(x < Doubles(), tail, 1 - tail), density};
}

inline ValueAndSlope<Doubles> gelu_in_brief(Doubles x) {
  const auto [distribution, density] = normal_in_brief(x);
  return {x * distribution, fma(x, density, distribution)};
}

}  // namespace math

// In double precision inside: the exponent −x²/2 carries its own rounding times its size.
inline ValueAndSlope<Floats> gelu_and_slope(Floats x) {
  const auto low = math::gelu_in_brief(_mm256_cvtps_pd(_mm256_castps256_ps128(x.v)));
  const auto high = math::gelu_in_brief(_mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1)));
  const auto join = [](Doubles a, Doubles b) {
    return Floats(_mm256_set_m128(_mm256_cvtpd_ps(b.v), _mm256_cvtpd_ps(a.v)));
  };
  return {join(low.value, high.value), join(low.slope, high.slope)};
}

inline ValueAndSlope<Doubles> gelu_and_slope(Doubles x) {
  const Doubles distribution =
      0.5 * map(x, [](double lane) { return std::erfc(-lane / std::numbers::sqrt2); });
  const Doubles density = std::numbers::inv_sqrtpi / std::numbers::sqrt2 * exp(-0.5 * (x * x));
  return {x * distribution, fma(x, density, distribution)};
}

inline Floats gelu(Floats x) { return gelu_and_slope(x).value; }
inline Doubles gelu(Doubles x) { return gelu_and_slope(x).value; }

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
