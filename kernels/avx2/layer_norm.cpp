#include "kernels/layer_norm.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/norm.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

template <class Real>
void layer_norm_forward(const LayerNormForward<Real>& a) {
  parallel_for(a.N * a.G, grain_for(a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Real* const x = a.x + row * a.C;
      const Real C = static_cast<Real>(a.C), mean = sum_of(x, a.C) / C;
      const Real variance = sum_of_squared_deviations(x, a.C, mean) / C;
      a.mean[row] = mean;
      a.rstd[row] = 1 / std::sqrt(variance + static_cast<Real>(a.eps));
      normalise(a, row, mean, a.rstd[row]);
    }
  });
}

template <class Real>
void layer_norm_backward(const LayerNormBackward<Real>& a) {
  add_row_sums(a.N, a.G * a.C, std::array{a.dweight, a.dbias},
               [&](std::int64_t begin, std::int64_t end, Real* sums) {
                 for (std::int64_t row = begin * a.G; row < end * a.G; ++row) {
                   normalise_backward<true>(a, row, a.mean[row], a.rstd[row], sums);
                 }
               });
}

template void layer_norm_forward(const LayerNormForward<float>&);
template void layer_norm_forward(const LayerNormForward<double>&);
template void layer_norm_backward(const LayerNormBackward<float>&);
template void layer_norm_backward(const LayerNormBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
