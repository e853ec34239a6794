// What layer norm and RMS norm share. The latter is the former without a mean:
//
//   x̂ = (x − mean) rstd        y = x̂ w + bias        w = weight_offset + weight
//   dx = rstd (g − Σ g / C − x̂ Σ (g x̂) / C)        g = dy w, and Σ g only where there is a mean
#pragma once

#include <cmath>

#include "kernels/avx2/row_sums.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

template <class Real>
inline Real sum_of_squared_deviations(const Real* x, std::int64_t C, Real mean) {
  using P = Pack<Real>;
  P squares;
  for_packs<Real>(0, C, [&](std::int64_t c, auto part) {
    const P deviation = keep(P::load(x + c, part) - mean, part);
    squares = fma(deviation, deviation, squares);
  });
  return sum(squares);
}

template <class Real>
inline Real sum_of(const Real* x, std::int64_t C) {
  using P = Pack<Real>;
  P total;
  for_packs<Real>(0, C, [&](std::int64_t c, auto part) { total = total + P::load(x + c, part); });
  return sum(total);
}

// One group of one row, x (C): y = (x − mean) rstd w + bias.
template <class Args, class Real>
inline void normalise(const Args& a, std::int64_t row, const Real* x, Real mean, Real rstd) {
  using P = Pack<Real>;
  const std::int64_t channel = row % a.G * a.C;
  Real* const y = a.y + row * a.C;
  const P offset = static_cast<Real>(a.weight_offset);
  for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
    P value = (P::load(x + c, part) - mean) * rstd;
    if (a.weight != nullptr) value = value * (offset + P::load(a.weight + channel + c, part));
    if (a.bias != nullptr) value = value + P::load(a.bias + channel + c, part);
    value.store(y + c, part);
  });
}

// The gradients that one group of one row gives: adds into sums, (2, G·C), those of weight and
// bias, and calls give(c, dx, part) with packs of that of the row.
template <bool centred, class Args, class Real, class Give>
inline void normalise_backward(const Args& a, std::int64_t row, Real mean, Real rstd, Real* sums,
                               const Give& give) {
  using P = Pack<Real>;
  const std::int64_t channel = row % a.G * a.C, width = a.G * a.C;
  const Real *const dy = a.dy + row * a.C, *const x = a.x + row * a.C;
  Real *const dweight = sums + channel, *const dbias = dweight + width;
  const P offset = static_cast<Real>(a.weight_offset);
  const auto at_normalised = [&](std::int64_t c, P upstream, auto part) {
    if (a.weight == nullptr) return upstream;
    return upstream * (offset + P::load(a.weight + channel + c, part));
  };
  P sum_g, sum_gx;
  for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
    const P upstream = P::load(dy + c, part), normal = (P::load(x + c, part) - mean) * rstd;
    const P g = at_normalised(c, upstream, part);
    if (centred) sum_g = sum_g + g;
    sum_gx = fma(g, normal, sum_gx);
    fma(upstream, normal, P::load(dweight + c, part)).store(dweight + c, part);
    (upstream + P::load(dbias + c, part)).store(dbias + c, part);
  });
  const P mean_g = sum(sum_g) / static_cast<Real>(a.C);
  const P mean_gx = sum(sum_gx) / static_cast<Real>(a.C);
  for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
    const P normal = (P::load(x + c, part) - mean) * rstd;
    const P g = at_normalised(c, P::load(dy + c, part), part);
    give(c, P(rstd) * (g - mean_g - normal * mean_gx), part);
  });
}

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
