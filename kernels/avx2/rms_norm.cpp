#include "kernels/rms_norm.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/norm.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

template <class Real>
void rms_norm_forward(const RmsNormForward<Real>& a) {
  parallel_for(a.N * a.G, grain_for(a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Real squares = sum_of_squared_deviations(a.x + row * a.C, a.C, Real{0});
      a.rrms[row] = 1 / std::sqrt(squares / static_cast<Real>(a.C) + static_cast<Real>(a.eps));
      normalise(a, row, a.x + row * a.C, Real{0}, a.rrms[row]);
    }
  });
}

template <class Real>
void rms_norm_backward(const RmsNormBackward<Real>& a) {
  using P = Pack<Real>;
  add_row_sums(a.N, a.G * a.C, std::array{a.dweight, a.dbias},
               [&](std::int64_t begin, std::int64_t end, Real* sums) {
                 for (std::int64_t row = begin * a.G; row < end * a.G; ++row) {
                   const auto give = [&](std::int64_t c, P dx, auto part) {
                     Real* const to = a.dx == nullptr ? nullptr : a.dx + row * a.C + c;
                     if (to != nullptr) (P::load(to, part) + dx).store(to, part);
                   };
                   normalise_backward<false>(a, row, Real{0}, a.rrms[row], sums, give);
                 }
               });
}

template void rms_norm_forward(const RmsNormForward<float>&);
template void rms_norm_forward(const RmsNormForward<double>&);
template void rms_norm_backward(const RmsNormBackward<float>&);
template void rms_norm_backward(const RmsNormBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
