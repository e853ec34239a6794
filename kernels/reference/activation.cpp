//   activation:  y = f(x)                   dx += dy f'(x)
//   gate:        y = f(gate) x              dgate += dy x f'(gate)        dx += dy f(gate)
//   soft cap:    y = cap tanh(x / cap)      dx += dy tanh'(x / cap)

#include "kernels/activation.h"

#include "core/parallel.h"
#include "kernels/reference/activation_functions.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

constexpr std::int64_t cost = 16;  // of one f(x), in additions

template <class Body>
void for_rows(std::int64_t rows, std::int64_t columns, const Body& body) {
  parallel_for(rows, grain_for(cost * columns), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace

template <class Real>
void activation_forward(const ActivationForward<Real>& a) {
  with_function(a.f, [&](auto f) {
    parallel_for(a.N, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) a.y[i] = f.value(a.x[i]);
    });
  });
}

template <class Real>
void activation_backward(const ActivationBackward<Real>& a) {
  if (a.dx == nullptr) return;
  with_function(a.f, [&](auto f) {
    parallel_for(a.N, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) a.dx[i] += a.dy[i] * f.slope(a.x[i]);
    });
  });
}

template <class Real>
void soft_cap_forward(const SoftCapForward<Real>& a) {
  const Real cap = static_cast<Real>(a.cap);
  parallel_for(a.N, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) a.y[i] = cap * Tanh::value(a.x[i] / cap);
  });
}

template <class Real>
void soft_cap_backward(const SoftCapBackward<Real>& a) {
  if (a.dx == nullptr) return;
  const Real cap = static_cast<Real>(a.cap);
  parallel_for(a.N, grain_for(cost), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) a.dx[i] += a.dy[i] * Tanh::slope(a.x[i] / cap);
  });
}

template <class Real>
void gate_forward(const GateForward<Real>& a) {
  with_function(a.f, [&](auto f) {
    for_rows(a.N, a.C, [&](std::int64_t row) {
      const Real* const gate = a.gate + row * a.stride;
      const Real* const x = a.x + row * a.stride;
      Real* const y = a.y + row * a.C;
      for (std::int64_t c = 0; c < a.C; ++c) y[c] = f.value(gate[c]) * x[c];
    });
  });
}

template <class Real>
void gate_backward(const GateBackward<Real>& a) {
  with_function(a.f, [&](auto f) {
    for_rows(a.N, a.C, [&](std::int64_t row) {
      const Real* const dy = a.dy + row * a.C;
      const Real* const gate = a.gate + row * a.stride;
      const Real* const x = a.x + row * a.stride;
      Real* const dgate = a.dgate == nullptr ? nullptr : a.dgate + row * a.stride;
      Real* const dx = a.dx == nullptr ? nullptr : a.dx + row * a.stride;
      for (std::int64_t c = 0; c < a.C; ++c) {
        if (dgate != nullptr) dgate[c] += dy[c] * x[c] * f.slope(gate[c]);
        if (dx != nullptr) dx[c] += dy[c] * f.value(gate[c]);
      }
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

}  // namespace carousel::reference
