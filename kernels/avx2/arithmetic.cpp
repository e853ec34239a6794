#include "kernels/arithmetic.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/row_sums.h"

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

template <class Real>
void channels_forward(const ChannelsForward<Real>& a) {
  using P = Pack<Real>;
  parallel_for(a.N, grain_for(a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
        P y = P::load(a.x + n * a.C + c, part);
        if (a.weight != nullptr) y = y * P::load(a.weight + c, part);
        if (a.bias != nullptr) y = y + P::load(a.bias + c, part);
        y.store(a.y + n * a.C + c, part);
      });
    }
  });
}

template <class Real>
void channels_backward(const ChannelsBackward<Real>& a) {
  using P = Pack<Real>;
  const auto row = [&](std::int64_t n, Real* dweight, Real* dbias) {
    for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
      const P dy = P::load(a.dy + n * a.C + c, part);
      (P::load(dbias + c, part) + dy).store(dbias + c, part);
      if (a.dweight != nullptr) {
        const P x = P::load(a.x + n * a.C + c, part);
        fma(dy, x, P::load(dweight + c, part)).store(dweight + c, part);
      }
      if (a.dx != nullptr) {
        Real* const dx = a.dx + n * a.C + c;
        const P weight = a.weight == nullptr ? P(Real{1}) : P::load(a.weight + c, part);
        fma(weight, dy, P::load(dx, part)).store(dx, part);
      }
    });
  };
  add_row_sums(a.N, a.C, std::array{a.dweight, a.dbias},
               [&](std::int64_t begin, std::int64_t end, Real* sums) {
                 for (std::int64_t n = begin; n < end; ++n) row(n, sums, sums + a.C);
               });
}

#define CAROUSEL_INSTANTIATE(Real)                              \
  template void add(const Add<Real>&);                          \
  template void add_scaled(const AddScaled<Real>&);             \
  template void add_product(const AddProduct<Real>&);           \
  template void channels_forward(const ChannelsForward<Real>&); \
  template void channels_backward(const ChannelsBackward<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
