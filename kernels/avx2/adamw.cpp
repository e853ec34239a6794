#include "kernels/adamw.h"

#include <cmath>

#include "core/parallel.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/pack.h"
#include "kernels/avx2/scratch.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

constexpr std::int64_t chunk = 16384;

// s + Σ x², in double.
inline Doubles add_squares(Floats x, Doubles s) {
  const Doubles low = _mm256_cvtps_pd(_mm256_castps256_ps128(x.v));
  const Doubles high = _mm256_cvtps_pd(_mm256_extractf128_ps(x.v, 1));
  return fma(high, high, fma(low, low, s));
}
inline Doubles add_squares(Doubles x, Doubles s) { return fma(x, x, s); }

}  // namespace

template <class Real>
void adamw_step(const AdamWStep<Real>& a) {
  using P = Pack<Real>;
  const double squares = a.squares == nullptr ? 0 : *a.squares;
  if (!std::isfinite(squares)) return;
  const P scale = static_cast<Real>(clip_scale(squares, a.max_norm)),
          eps = static_cast<Real>(a.eps);
  const P decay = static_cast<Real>(a.factors[0]);
  const P beta1 = static_cast<Real>(a.beta1), beta2 = static_cast<Real>(a.beta2);
  const P rest1 = static_cast<Real>(1 - a.beta1), rest2 = static_cast<Real>(1 - a.beta2);
  const P rate = static_cast<Real>(a.factors[1]);
  const P correction = static_cast<Real>(a.factors[2]);

  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    for_packs<Real>(begin, end, [&](std::int64_t i, auto part) {
      const P g = scale * P::load(a.gradient + i, part);
      const P m = fma(beta1, P::load(a.m + i, part), rest1 * g);
      const P v = fma(beta2, P::load(a.v + i, part), rest2 * g * g);
      const P step = rate * m / (sqrt(v) / correction + eps);
      m.store(a.m + i, part);
      v.store(a.v + i, part);
      (decay * P::load(a.parameter + i, part) - step).store(a.parameter + i, part);
    });
  });
}

template <class Real>
void sum_of_squares(const SumOfSquares<Real>& a) {
  const std::int64_t chunks = (a.N + chunk - 1) / chunk;
  const Scratch<double> partial(chunks);
  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    Doubles squares;
    for_packs<Real>(begin, end, [&](std::int64_t i, auto part) {
      squares = add_squares(Pack<Real>::load(a.x + i, part), squares);
    });
    partial.data()[begin / chunk] = sum(squares);
  });
  for (std::int64_t c = 0; c < chunks; ++c) *a.sum += partial.data()[c];
}

template void adamw_step(const AdamWStep<float>&);
template void adamw_step(const AdamWStep<double>&);
template void sum_of_squares(const SumOfSquares<float>&);
template void sum_of_squares(const SumOfSquares<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
