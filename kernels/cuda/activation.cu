#include "kernels/activation.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/reference/activation_functions.h"

namespace carousel::cuda {

namespace {

using reference::Tanh;
using reference::with_function;

template <class Real>
struct Values {
  ActivationForward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    auto x = load<width>(a.x + i);
    with_function(a.f, [&](auto f) {
      for (int k = 0; k < width; ++k) x.at[k] = f.value(x.at[k]);
    });
    store(a.y + i, x);
  }
};

template <class Real>
struct Slopes {
  ActivationBackward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    const auto dy = load<width>(a.dy + i), x = load<width>(a.x + i);
    auto dx = load<width>(a.dx + i);
    with_function(a.f, [&](auto f) {
      for (int k = 0; k < width; ++k) dx.at[k] += dy.at[k] * f.slope(x.at[k]);
    });
    store(a.dx + i, dx);
  }
};

template <class Real>
struct CappedValues {
  SoftCapForward<Real> a;
  Real cap;
  template <int width>
  __device__ void run(std::int64_t i) const {
    auto x = load<width>(a.x + i);
    for (int k = 0; k < width; ++k) x.at[k] = cap * Tanh::value(x.at[k] / cap);
    store(a.y + i, x);
  }
};

template <class Real>
struct CappedSlopes {
  SoftCapBackward<Real> a;
  Real cap;
  template <int width>
  __device__ void run(std::int64_t i) const {
    const auto dy = load<width>(a.dy + i), x = load<width>(a.x + i);
    auto dx = load<width>(a.dx + i);
    for (int k = 0; k < width; ++k) dx.at[k] += dy.at[k] * Tanh::slope(x.at[k] / cap);
    store(a.dx + i, dx);
  }
};

template <class Real>
struct GatedValues {
  GateForward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    const std::int64_t at = i / a.C * a.stride + i % a.C;
    auto y = load<width>(a.x + at);
    const auto gate = load<width>(a.gate + at);
    with_function(a.f, [&](auto f) {
      for (int k = 0; k < width; ++k) y.at[k] *= f.value(gate.at[k]);
    });
    store(a.y + i, y);
  }
};

// dgate and dx may be one array, so that each is read after the other was written.
template <class Real>
struct GatedSlopes {
  GateBackward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    const std::int64_t at = i / a.C * a.stride + i % a.C;
    const auto dy = load<width>(a.dy + i), gate = load<width>(a.gate + at);
    const auto x = load<width>(a.x + at);
    Elements<Wide<Real>, width> to_gate{}, to_x{};
    with_function(a.f, [&](auto f) {
      for (int k = 0; k < width; ++k) {
        to_gate.at[k] = dy.at[k] * x.at[k] * f.slope(gate.at[k]);
        to_x.at[k] = dy.at[k] * f.value(gate.at[k]);
      }
    });
    if (a.dgate != nullptr) add_to(a.dgate + at, to_gate);
    if (a.dx != nullptr) add_to(a.dx + at, to_x);
  }
};

}  // namespace

template <class Real>
void activation_forward(const ActivationForward<Real>& a) {
  for_each_element<Real>(a.N, {a.x, a.y}, Values<Real>{a});
}

template <class Real>
void activation_backward(const ActivationBackward<Real>& a) {
  if (a.dx == nullptr) return;
  for_each_element<Real>(a.N, {a.dy, a.x, a.dx}, Slopes<Real>{a});
}

template <class Real>
void soft_cap_forward(const SoftCapForward<Real>& a) {
  for_each_element<Real>(a.N, {a.x, a.y}, CappedValues<Real>{a, static_cast<Real>(a.cap)});
}

template <class Real>
void soft_cap_backward(const SoftCapBackward<Real>& a) {
  if (a.dx == nullptr) return;
  for_each_element<Real>(a.N, {a.dy, a.x, a.dx}, CappedSlopes<Real>{a, static_cast<Real>(a.cap)});
}

template <class Real>
void gate_forward(const GateForward<Real>& a) {
  for_each_element<Real>(a.N * a.C, {a.gate, a.x, a.y}, GatedValues<Real>{a}, {a.C, a.stride});
}

template <class Real>
void gate_backward(const GateBackward<Real>& a) {
  if (a.dgate == nullptr && a.dx == nullptr) return;
  for_each_element<Real>(a.N * a.C, {a.dy, a.gate, a.x, a.dgate, a.dx}, GatedSlopes<Real>{a},
                         {a.C, a.stride});
}

#define CAROUSEL_INSTANTIATE(Real)                                    \
  template void activation_forward(const ActivationForward<Real>&);   \
  template void activation_backward(const ActivationBackward<Real>&); \
  template void gate_forward(const GateForward<Real>&);               \
  template void gate_backward(const GateBackward<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE
template void soft_cap_forward(const SoftCapForward<float>&);
template void soft_cap_forward(const SoftCapForward<double>&);
template void soft_cap_backward(const SoftCapBackward<float>&);
template void soft_cap_backward(const SoftCapBackward<double>&);

}  // namespace carousel::cuda
