#include "kernels/skip_gate.h"

#include "kernels/avx2/activation_functions.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/row_sums.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

template <class Real>
void skip_gate_forward(const SkipGateForward<Real>& a) {
  using P = Pack<Real>;
  with_function(a.f, [&](auto f) {
    parallel_for(a.N, grain_for(2 * a.C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin * a.C; row < end * a.C; row += a.C) {
        for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
          const std::int64_t i = row + c;
          const P weight = P::load(a.weight + c, part);
          const P u = fma(weight, P::load(a.skip + i, part), P::load(a.x + i, part));
          (f.value(P::load(a.gate + i, part)) * u).store(a.y + i, part);
        });
      }
    });
  });
}

template <class Real>
void skip_gate_backward(const SkipGateBackward<Real>& a) {
  using P = Pack<Real>;
  const auto row = [&](auto f, std::int64_t n, Real* dweight) {
    for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
      const std::int64_t i = n * a.C + c;
      const P dy = P::load(a.dy + i, part), weight = P::load(a.weight + c, part);
      const P skip = P::load(a.skip + i, part);
      const auto [value, slope] = f.both(P::load(a.gate + i, part));
      const P dv = dy * value;
      const auto add = [&](Real* to, P gradient) {
        if (to != nullptr) (P::load(to, part) + gradient).store(to, part);
      };
      if (a.dgate != nullptr) {
        add(a.dgate + i, dy * fma(weight, skip, P::load(a.x + i, part)) * slope);
      }
      if (a.dx != nullptr) add(a.dx + i, dv);
      if (a.dskip != nullptr) add(a.dskip + i, dv * weight);
      add(dweight + c, dv * skip);
    });
  };
  with_function(a.f, [&](auto f) {
    add_row_sums(a.N, a.C, std::array{a.dweight},
                 [&](std::int64_t begin, std::int64_t end, Real* sums) {
                   for (std::int64_t n = begin; n < end; ++n) row(f, n, sums);
                 });
  });
}

template void skip_gate_forward(const SkipGateForward<float>&);
template void skip_gate_forward(const SkipGateForward<double>&);
template void skip_gate_backward(const SkipGateBackward<float>&);
template void skip_gate_backward(const SkipGateBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
