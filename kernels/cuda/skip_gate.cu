#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/row_sums.h"
#include "kernels/reference/activation_functions.h"
#include "kernels/skip_gate.h"

namespace carousel::cuda {

namespace {

using reference::with_function;

template <class Real>
struct Values {
  SkipGateForward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    auto y = load<width>(a.x + i);
    const auto gate = load<width>(a.gate + i), skip = load<width>(a.skip + i);
    const auto weight = load<width>(a.weight + i % a.C);
    with_function(a.f, [&](auto f) {
      for (int k = 0; k < width; ++k)
        y.at[k] = f.value(gate.at[k]) * (y.at[k] + weight.at[k] * skip.at[k]);
    });
    store(a.y + i, y);
  }
};

// The sum is dweight. dgate, dx and dskip may be one array, so that each is read after the others
// were written.
template <class Real>
struct Gradients {
  SkipGateBackward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i, std::int64_t c,
                      Elements<Wide<Real>, width> (&sums)[1]) const {
    const auto dy = load<width>(a.dy + i), gate = load<width>(a.gate + i);
    const auto skip = load<width>(a.skip + i), weight = load<width>(a.weight + c);
    Elements<Wide<Real>, width> slope{}, dv{};
    with_function(a.f, [&](auto f) {
      for (int k = 0; k < width; ++k) {
        slope.at[k] = dy.at[k] * f.slope(gate.at[k]);
        dv.at[k] = dy.at[k] * f.value(gate.at[k]);
      }
    });
    if (a.dgate != nullptr) {
      auto dgate = load<width>(a.x + i);
      for (int k = 0; k < width; ++k)
        dgate.at[k] = (dgate.at[k] + weight.at[k] * skip.at[k]) * slope.at[k];
      add_to(a.dgate + i, dgate);
    }
    if (a.dx != nullptr) add_to(a.dx + i, dv);
    for (int k = 0; k < width; ++k) {
      sums[0].at[k] += dv.at[k] * skip.at[k];
      dv.at[k] *= weight.at[k];
    }
    if (a.dskip != nullptr) add_to(a.dskip + i, dv);
  }
};

}  // namespace

template <class Real>
void skip_gate_forward(const SkipGateForward<Real>& a) {
  for_each_element<Real>(a.N * a.C, {a.gate, a.x, a.skip, a.weight, a.y}, Values<Real>{a}, {a.C});
}

template <class Real>
void skip_gate_backward(const SkipGateBackward<Real>& a) {
  add_row_sums<Real>(a.N, a.C, std::array{a.dweight},
                     {a.dy, a.gate, a.x, a.skip, a.weight, a.dgate, a.dx, a.dskip},
                     Gradients<Real>{a});
}

template void skip_gate_forward(const SkipGateForward<float>&);
template void skip_gate_forward(const SkipGateForward<double>&);
template void skip_gate_forward(const SkipGateForward<bf16>&);
template void skip_gate_backward(const SkipGateBackward<float>&);
template void skip_gate_backward(const SkipGateBackward<double>&);
template void skip_gate_backward(const SkipGateBackward<bf16>&);

}  // namespace carousel::cuda
