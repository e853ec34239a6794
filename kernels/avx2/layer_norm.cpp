#include "kernels/layer_norm.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/norm.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

// y = a + b
template <class Real>
void add_rows(const Real* a, const Real* b, std::int64_t C, Real* y) {
  using P = Pack<Real>;
  for_packs<Real>(0, C, [&](std::int64_t c, auto part) {
    (P::load(a + c, part) + P::load(b + c, part)).store(y + c, part);
  });
}

}  // namespace

template <class Real>
void layer_norm_forward(const LayerNormForward<Real>& a) {
  parallel_for(a.N * a.G, grain_for(a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Real* x = a.x + row * a.C;
      if (a.branch != nullptr) {
        add_rows(x, a.branch + row * a.C, a.C, a.sum + row * a.C);
        x = a.sum + row * a.C;
      }
      const Real C = static_cast<Real>(a.C), mean = sum_of(x, a.C) / C;
      const Real variance = sum_of_squared_deviations(x, a.C, mean) / C;
      a.mean[row] = mean;
      a.rstd[row] = 1 / std::sqrt(variance + static_cast<Real>(a.eps));
      normalise(a, row, x, mean, a.rstd[row]);
    }
  });
}

template <class Real>
void layer_norm_backward(const LayerNormBackward<Real>& a) {
  using P = Pack<Real>;
  add_row_sums(a.N, a.G * a.C, std::array{a.dweight, a.dbias},
               [&](std::int64_t begin, std::int64_t end, Real* sums) {
                 for (std::int64_t row = begin * a.G; row < end * a.G; ++row) {
                   const auto give = [&](std::int64_t c, P dx, auto part) {
                     const std::int64_t i = row * a.C + c;
                     if (a.dsum != nullptr) dx = dx + P::load(a.dsum + i, part);
                     if (a.dx != nullptr) (P::load(a.dx + i, part) + dx).store(a.dx + i, part);
                     if (a.dbranch == nullptr) return;
                     (P::load(a.dbranch + i, part) + dx).store(a.dbranch + i, part);
                   };
                   normalise_backward<true>(a, row, a.mean[row], a.rstd[row], sums, give);
                 }
               });
}

template void layer_norm_forward(const LayerNormForward<float>&);
template void layer_norm_forward(const LayerNormForward<double>&);
template void layer_norm_backward(const LayerNormBackward<float>&);
template void layer_norm_backward(const LayerNormBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
