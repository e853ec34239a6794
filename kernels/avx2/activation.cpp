#include "kernels/activation.h"

#include "core/parallel.h"
#include "kernels/avx2/activation_functions.h"
#include "kernels/avx2/avx2.h"
#include "kernels/avx2/pack.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

constexpr std::int64_t chunk = 8192;

template <class Real, class Body>
void for_all_packs(std::int64_t N, const Body& body) {
  parallel_for(N, chunk,
               [&](std::int64_t begin, std::int64_t end) { for_packs<Real>(begin, end, body); });
}

template <class Body>
void for_rows(std::int64_t rows, std::int64_t columns, const Body& body) {
  const std::int64_t grain = std::max<std::int64_t>(1, chunk / std::max<std::int64_t>(1, columns));
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace

template <class Real>
void activation_forward(const ActivationForward<Real>& a) {
  using P = Pack<Real>;
  with_function(a.f, [&](auto f) {
    for_all_packs<Real>(a.N, [&](std::int64_t i, auto part) {
      f.value(P::load(a.x + i, part)).store(a.y + i, part);
    });
  });
}

template <class Real>
void activation_backward(const ActivationBackward<Real>& a) {
  using P = Pack<Real>;
  if (a.dx == nullptr) return;
  with_function(a.f, [&](auto f) {
    for_all_packs<Real>(a.N, [&](std::int64_t i, auto part) {
      const P slope = f.both(P::load(a.x + i, part)).slope;
      fma(P::load(a.dy + i, part), slope, P::load(a.dx + i, part)).store(a.dx + i, part);
    });
  });
}

template <class Real>
void soft_cap_forward(const SoftCapForward<Real>& a) {
  using P = Pack<Real>;
  const P cap = static_cast<Real>(a.cap);
  for_all_packs<Real>(a.N, [&](std::int64_t i, auto part) {
    (cap * Tanh::value(P::load(a.x + i, part) / cap)).store(a.y + i, part);
  });
}

template <class Real>
void soft_cap_backward(const SoftCapBackward<Real>& a) {
  using P = Pack<Real>;
  if (a.dx == nullptr) return;
  const P cap = static_cast<Real>(a.cap);
  for_all_packs<Real>(a.N, [&](std::int64_t i, auto part) {
    const P slope = Tanh::both(P::load(a.x + i, part) / cap).slope;
    fma(P::load(a.dy + i, part), slope, P::load(a.dx + i, part)).store(a.dx + i, part);
  });
}

template <class Real>
void gate_forward(const GateForward<Real>& a) {
  using P = Pack<Real>;
  with_function(a.f, [&](auto f) {
    for_rows(a.N, a.C, [&](std::int64_t row) {
      const Real* const gate = a.gate + row * a.stride;
      const Real* const x = a.x + row * a.stride;
      Real* const y = a.y + row * a.C;
      for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
        (f.value(P::load(gate + c, part)) * P::load(x + c, part)).store(y + c, part);
      });
    });
  });
}

template <class Real>
void gate_backward(const GateBackward<Real>& a) {
  using P = Pack<Real>;
  with_function(a.f, [&](auto f) {
    for_rows(a.N, a.C, [&](std::int64_t row) {
      const Real* const dy_row = a.dy + row * a.C;
      const Real* const gate = a.gate + row * a.stride;
      const Real* const x = a.x + row * a.stride;
      Real* const dgate = a.dgate == nullptr ? nullptr : a.dgate + row * a.stride;
      Real* const dx = a.dx == nullptr ? nullptr : a.dx + row * a.stride;
      for_packs<Real>(0, a.C, [&](std::int64_t c, auto part) {
        const P dy = P::load(dy_row + c, part);
        const auto [value, slope] = f.both(P::load(gate + c, part));
        if (dgate != nullptr) {
          const P dvalue = dy * P::load(x + c, part);
          fma(dvalue, slope, P::load(dgate + c, part)).store(dgate + c, part);
        }
        if (dx != nullptr) fma(dy, value, P::load(dx + c, part)).store(dx + c, part);
      });
    });
  });
}

#define CAROUSEL_INSTANTIATE(Real)                                    \
  template void activation_forward(const ActivationForward<Real>&);   \
  template void activation_backward(const ActivationBackward<Real>&); \
  template void soft_cap_forward(const SoftCapForward<Real>&);        \
  template void soft_cap_backward(const SoftCapBackward<Real>&);      \
  template void gate_forward(const GateForward<Real>&);               \
  template void gate_backward(const GateBackward<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
