// Exponentials, logarithms and the gate functions made of them, on packs.
//
// On floats every function is within 2 units in the last place over all finite arguments, subnormal
// results included, has the limits of the reference at ±∞, and lets NaN through. Doubles are there
// for checking: they go through the standard library, lane by lane.
#pragma once

#include <array>
#include <cmath>

#include "kernels/avx2/pack.h"
#include "kernels/avx2/region.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

namespace math {

inline Floats as_floats(__m256i bits) { return _mm256_castsi256_ps(bits); }
inline __m256i as_bits(Floats x) { return _mm256_castps_si256(x.v); }

// c[0] + c[1] x + c[2] x² + …
template <class Real, std::size_t size>
inline Pack<Real> polynomial(Pack<Real> x, const std::array<Real, size>& c) {
  Pack<Real> y = c[size - 1];
  for (std::size_t i = size - 1; i-- > 0;) y = fma(y, x, Pack<Real>(c[i]));
  return y;
}

// 2^n for −127 ≤ n ≤ 127, where 2^−127 is taken for zero.
inline Floats power_of_two(__m256i n) {
  return as_floats(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}

// x 2^n for −254 ≤ n ≤ 254, zero at −254, in two steps: no single one reaches the subnormal
// numbers.
inline Floats scale(Floats x, __m256i n) {
  const __m256i half = _mm256_srai_epi32(n, 1);
  return x * power_of_two(half) * power_of_two(_mm256_sub_epi32(n, half));
}

// log 2 in two parts.
constexpr float log2_high = 0x1.62e43p-1F, log2_low = -0x1.05c61p-29F;

// e^x = (1 + t) 2^n with |t| < 1/2. Where a function goes on with t before the sum is rounded, or
// with the product before it is scaled, it loses no digits in between.
struct Exponential {
  Floats t;
  __m256i n;
};

// From here down (1 + t) 2^n is zero, and x rounds to n = −254.
constexpr float exp_is_zero = -176.25F;

// For exp_is_zero ≤ x < 170. With r = x − n log 2 the polynomial is a minimax approximation of
// (e^r − 1 − r) / r², which is wrong by 2^−28 of e^r.
inline Exponential exponential(Floats x) {
  constexpr std::array polynomial_of_r = {0.49999993449376480F, 0.16666520634559330F,
                                          0.04166838758226734F, 0.00836871673643461F,
                                          0.00138146271460049F};
  // Adding 1.5 · 2^23 leaves no bits behind the point.
  const Floats shift = 0x1.8p23F;
  const Floats shifted = fma(x, 1.44269504F, shift);
  const Floats n = shifted - shift;
  Floats r = fnma(n, log2_high, x);
  r = fnma(n, log2_low, r);
  return {fma(r * r, polynomial(r, polynomial_of_r), r),
          _mm256_sub_epi32(as_bits(shifted), as_bits(shift))};
}

// log(1 + f) − f for −1/4 ≤ f ≤ 1/2, wrong by 2^−27 of log(1 + f).
inline Floats log1p_tail(Floats f) {
  constexpr std::array polynomial_of_f = {-0.5F,
                                          0.33333449099810005F,
                                          -0.25000095797307838F,
                                          0.19990861692007195F,
                                          -0.16647314009725092F,
                                          0.14478392736364053F,
                                          -0.13161176073679112F,
                                          0.10462997578622425F,
                                          -0.04507469522360562F};
  return f * f * polynomial(f, polynomial_of_f);
}

// log(1 + x) for 0 ≤ x ≤ 1: above 1/2 as log 2 + log((1 + x) / 2).
inline Floats log1p_unit(Floats x) {
  const Floats high = x > Floats(0.5F);
  const Floats f = select(high, 0.5F * (x - 1), x);
  const Floats low_part = log1p_tail(f) + (high & Floats(log2_low));
  return (high & Floats(log2_high)) + (f + low_part);
}

}  // namespace math

inline Floats exp(Floats x) {
  const auto [t, n] = math::exponential(max(Floats(math::exp_is_zero), min(Floats(89.0F), x)));
  return math::scale(1 + t, n);
}

// e^x for x ≤ 0, and zero where that would be subnormal: cheaper, and enough for what is added to 1
// or summed up.
inline Floats exp_flushed(Floats x) {
  const auto [t, n] = math::exponential(max(Floats(-88.0F), x));
  const Floats power = math::power_of_two(n);
  return fma(power, t, power);
}

// e^x − 1 for x ≤ 0.
inline Floats expm1_below(Floats x) {
  const auto [t, n] = math::exponential(max(Floats(-88.0F), x));
  const Floats power = math::power_of_two(n);
  return fma(power, t, power - 1);
}

// log x = k log 2 + log m with 3/4 ≤ m < 3/2.
inline Floats log(Floats x) {
  constexpr float smallest_normal = 0x1p-126F;
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const Floats subnormal = x < Floats(smallest_normal);
  const Floats normal = select(subnormal, x * Floats(0x1p23F), x);
  const __m256i bits = math::as_bits(normal), three_quarters = math::as_bits(0.75F);
  const __m256i k = _mm256_srai_epi32(_mm256_sub_epi32(bits, three_quarters), 23);
  const Floats m = math::as_floats(_mm256_sub_epi32(bits, _mm256_slli_epi32(k, 23)));
  const Floats power = Floats(_mm256_cvtepi32_ps(k)) - (subnormal & Floats(23.0F));
  const Floats f = m - 1;
  const Floats tail = fma(power, math::log2_low, math::log1p_tail(f));
  const Floats y = fma(power, math::log2_high, f + tail);
  // What is left: ∞, ±0, and what has no logarithm.
  const Floats at_zero = select(x == Floats(), -infinity, std::numeric_limits<float>::quiet_NaN());
  const Floats beyond = select(x == Floats(infinity), infinity, y);
  return select(x > Floats(), beyond, at_zero);
}

// With e = e^−2|x|: tanh |x| = 1 − 2e / (1 + e), and near zero, where that cancels, a polynomial.
inline Floats tanh(Floats x) {
  constexpr std::array polynomial_of_square = {-0.33333313889826278F, 0.13332452297456990F,
                                               -0.05383743108026093F, 0.02100745893522012F,
                                               -0.00617980722423216F};
  const Floats e = exp_flushed(-2 * abs(x));
  const Floats far = 1 - (e + e) / (1 + e);
  const Floats square = x * x;
  const Floats near = fma(x * square, math::polynomial(square, polynomial_of_square), x);
  const Floats sign = x & Floats(-0.0F);
  return select(abs(x) < Floats(0.5625F), near, far) | sign;
}

// With e = e^−|x| and s = e / (1 + e): σ(x) = 1 − s above zero, and e − e s below.
inline Floats sigmoid(Floats x) {
  const Floats e = exp(-abs(x));
  const Floats start = select(x < Floats(), e, 1.0F);
  return fnma(start, e / (1 + e), start);
}

// log σ(x) = min(x, 0) − log(1 + e^−|x|)
inline Floats log_sigmoid(Floats x) { return min(x, Floats()) - math::log1p_unit(exp(-abs(x))); }

// log(1 + e^x) = max(x, 0) + log(1 + e^−|x|)
inline Floats softplus(Floats x) { return max(x, Floats()) + math::log1p_unit(exp(-abs(x))); }

// x / (1 + e) above zero, x e / (1 + e) below, with e = e^−|x|. The power of two in e comes last,
// because e^x is subnormal before x e^x is. What the rounded dividend and the rounded divisor d
// have lost is put right in the quotient, where a straight line is good enough for 1 / d.
inline Floats silu(Floats x) {
  const Floats one = 1.0F, below = x < Floats();
  const auto [t, n] = math::exponential(max(Floats(math::exp_is_zero), -abs(x)));
  const __m256i half = _mm256_srai_epi32(n, 1);
  const Floats power1 = math::power_of_two(half);
  const Floats power2 = math::power_of_two(_mm256_sub_epi32(n, half));
  const Floats power = power1 * power2;
  const Floats d = one + fma(power, t, power);
  const Floats lost_d = fma(power, t, power - (d - one));
  const Floats product = fma(x, t, x);
  const Floats lost_product = below & fma(x, t, x - product);
  const Floats quotient = select(below, product, x) / d;
  // ∞ times nothing lost would be NaN.
  const Floats finite = min(Floats(std::numeric_limits<float>::max()), quotient);
  const Floats lost = fnma(finite, lost_d, lost_product);
  const Floats y = fma(lost, fma(d, -0.5F, 1.457F), quotient);
  return y * select(below, power1, one) * select(below, power2, one);
}

// f of every lane.
template <class Function>
inline Doubles map(Doubles x, const Function& f) {
  std::array<double, 4> lanes;
  x.store(lanes.data());
  for (double& lane : lanes) lane = f(lane);
  return Doubles::load(lanes.data());
}

inline Doubles exp(Doubles x) {
  return map(x, [](double lane) { return std::exp(lane); });
}
inline Doubles exp_flushed(Doubles x) { return exp(x); }
inline Doubles expm1_below(Doubles x) {
  return map(x, [](double lane) { return std::expm1(lane); });
}
inline Doubles log(Doubles x) {
  return map(x, [](double lane) { return std::log(lane); });
}
inline Doubles tanh(Doubles x) {
  return map(x, [](double lane) { return std::tanh(lane); });
}

inline Doubles sigmoid(Doubles x) {
  const Doubles e = exp(-abs(x));
  return select(x < Doubles(), e, 1.0) / (1 + e);
}
inline Doubles log_sigmoid(Doubles x) {
  return min(x, Doubles()) - map(exp(-abs(x)), [](double lane) { return std::log1p(lane); });
}
inline Doubles softplus(Doubles x) { return -log_sigmoid(-x); }
inline Doubles silu(Doubles x) { return x * sigmoid(x); }

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
