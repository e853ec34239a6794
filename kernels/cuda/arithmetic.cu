#include "kernels/arithmetic.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"

namespace carousel::cuda {

namespace {

template <class Real>
struct Sum {
  Add<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    auto y = load<width>(a.a + i);
    const auto b = load<width>(a.b + i);
    for (int k = 0; k < width; ++k) y.at[k] += b.at[k];
    store(a.y + i, y);
  }
};

template <class Real>
struct ScaledSum {
  AddScaled<Real> a;
  Real factor;
  template <int width>
  __device__ void run(std::int64_t i) const {
    auto y = load<width>(a.y + i);
    const auto x = load<width>(a.x + i);
    for (int k = 0; k < width; ++k) y.at[k] += factor * x.at[k];
    store(a.y + i, y);
  }
};

template <class Real>
struct ProductSum {
  AddProduct<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    auto y = load<width>(a.y + i);
    const auto l = load<width>(a.a + i), r = load<width>(a.b + i);
    for (int k = 0; k < width; ++k) y.at[k] += l.at[k] * r.at[k];
    store(a.y + i, y);
  }
};

}  // namespace

template <class Real>
void add(const Add<Real>& a) {
  for_each_element<Real>(a.N, {a.a, a.b, a.y}, Sum<Real>{a});
}

template <class Real>
void add_scaled(const AddScaled<Real>& a) {
  if (a.y == nullptr) return;
  for_each_element<Real>(a.N, {a.x, a.y}, ScaledSum<Real>{a, static_cast<Real>(a.factor)});
}

template <class Real>
void add_product(const AddProduct<Real>& a) {
  if (a.y == nullptr) return;
  for_each_element<Real>(a.N, {a.a, a.b, a.y}, ProductSum<Real>{a});
}

template void add(const Add<float>&);
template void add(const Add<double>&);
template void add_scaled(const AddScaled<float>&);
template void add_scaled(const AddScaled<double>&);
template void add_product(const AddProduct<float>&);
template void add_product(const AddProduct<double>&);

}  // namespace carousel::cuda
