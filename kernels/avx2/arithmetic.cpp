#include "kernels/arithmetic.h"

#include "core/parallel.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/pack.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

constexpr std::int64_t chunk = 16384;

}  // namespace

template <class Real>
void add(const Add<Real>& a) {
  using P = Pack<Real>;
  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    for_packs<Real>(begin, end, [&](std::int64_t i, auto part) {
      (P::load(a.a + i, part) + P::load(a.b + i, part)).store(a.y + i, part);
    });
  });
}

template <class Real>
void add_scaled(const AddScaled<Real>& a) {
  using P = Pack<Real>;
  if (a.y == nullptr) return;
  const P factor = static_cast<Real>(a.factor);
  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    for_packs<Real>(begin, end, [&](std::int64_t i, auto part) {
      fma(factor, P::load(a.x + i, part), P::load(a.y + i, part)).store(a.y + i, part);
    });
  });
}

template <class Real>
void add_product(const AddProduct<Real>& a) {
  using P = Pack<Real>;
  if (a.y == nullptr) return;
  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    for_packs<Real>(begin, end, [&](std::int64_t i, auto part) {
      const P product = fma(P::load(a.a + i, part), P::load(a.b + i, part), P::load(a.y + i, part));
      product.store(a.y + i, part);
    });
  });
}

#define CAROUSEL_INSTANTIATE(Real)                  \
  template void add(const Add<Real>&);              \
  template void add_scaled(const AddScaled<Real>&); \
  template void add_product(const AddProduct<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
