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

// e^x for x ≤ 0, wrong by 2^−28, and zero from −709 on.
inline Doubles exp_in_brief(Doubles x) {
  constexpr std::array polynomial_of_r = {0.49999993449376480, 0.16666520634559330,
                                          0.04166838758226734, 0.00836871673643461,
                                          0.00138146271460049};
  // Adding 1.5 · 2^52 leaves no bits behind the point.
  const Doubles shift = 0x1.8p52;
  x = max(Doubles(-709.0), x);
  const Doubles shifted = fma(x, std::numbers::log2e, shift);
  const Doubles r = fnma(shifted - shift, std::numbers::ln2, x);
  const Doubles y = 1 + fma(r * r, polynomial(r, polynomial_of_r), r);
  const __m256i exponent =
      _mm256_add_epi64(_mm256_castpd_si256(shifted.v), _mm256_set1_epi64x(1023));
  return y * Doubles(_mm256_castsi256_pd(_mm256_slli_epi64(exponent, 52)));
}

// Φ(x) for the normal distribution and its density φ(x) = e^(−x²/2) / √(2π).
struct Normal {
  Doubles distribution, density;
};

// With t = 1 / (|x| + 3) the polynomial is a minimax approximation of Φ(−|x|) e^(x²/2) / t for
// |x| ≤ 14.6, wrong by 2^−30; beyond, x Φ(x) is zero in single precision.
inline Normal normal_in_brief(Doubles x) {
  constexpr std::array polynomial_of_t = {
      0.39894672477963225, 1.1963952193334456,  3.2097475801757889, 6.7405826828254467,
      18.742850703467047,  -62.159919703416715, 438.94890654893472, -2315.3098354786022,
      5689.7713468191281,  -6811.5513092944927, 3293.1778873237880};
  const Doubles t = 1 / (abs(x) + 3);
  const Doubles e = exp_in_brief(-0.5 * (x * x));
  const Doubles tail = t * polynomial(t, polynomial_of_t) * e;
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
