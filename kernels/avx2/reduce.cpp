#include "kernels/reduce.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/row_sums.h"
#include "kernels/reference/reference.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

// Sums of rows, as in the gradient of a bias, are what takes time; other axes are left to the
// reference.
template <class Real>
void reduce_sum(const ReduceSum<Real>& a) {
  if (a.y == nullptr) return;
  if (a.outer != 1 || a.inner < Pack<Real>::lanes) return reference::reduce_sum(a);
  const Real factor = static_cast<Real>(a.factor);
  add_row_sums(a.n, a.inner, std::array{a.y},
               [&](std::int64_t begin, std::int64_t end, Real* sums) {
                 using P = Pack<Real>;
                 for (std::int64_t n = begin; n < end; ++n)
                   add_to(sums, a.x + n * a.inner, a.inner);
                 for_packs<Real>(0, a.inner, [&](std::int64_t i, auto part) {
                   (P::load(sums + i, part) * factor).store(sums + i, part);
                 });
               });
}

template void reduce_sum(const ReduceSum<float>&);
template void reduce_sum(const ReduceSum<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
