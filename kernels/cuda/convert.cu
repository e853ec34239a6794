#include "kernels/convert.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"

namespace carousel::cuda {

namespace {

// From one type to the other: Narrow or Widen.
template <class Args>
struct Converted {
  Args a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    const auto x = load<width>(a.x + i);
    if (a.accumulate) {
      add_to(a.y + i, x);
    } else {
      store(a.y + i, x);
    }
  }
};

}  // namespace

template <class Real>
void narrow(const Narrow<Real>& a) {
  for_each_element<Real>(a.N, {a.x, a.y}, Converted<Narrow<Real>>{a});
}

template <class Real>
void widen(const Widen<Real>& a) {
  for_each_element<Real>(a.N, {a.x, a.y}, Converted<Widen<Real>>{a});
}

template void narrow(const Narrow<bf16>&);
template void widen(const Widen<bf16>&);

}  // namespace carousel::cuda
