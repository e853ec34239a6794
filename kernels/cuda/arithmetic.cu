#include "kernels/arithmetic.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/row_sums.h"

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
  Wide<Real> factor;
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

template <class Real>
struct ChannelsOfRow {
  ChannelsForward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    auto y = load<width>(a.x + i);
    const std::int64_t c = i % a.C;
    if (a.weight != nullptr) {
      const auto weight = load<width>(a.weight + c);
      for (int k = 0; k < width; ++k) y.at[k] *= weight.at[k];
    }
    if (a.bias != nullptr) {
      const auto bias = load<width>(a.bias + c);
      for (int k = 0; k < width; ++k) y.at[k] += bias.at[k];
    }
    store(a.y + i, y);
  }
};

// The sums are dweight and dbias.
template <class Real>
struct ChannelsGradient {
  ChannelsBackward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i, std::int64_t c,
                      Elements<Wide<Real>, width> (&sums)[2]) const {
    const auto dy = load<width>(a.dy + i);
    if (a.dweight != nullptr) {
      const auto x = load<width>(a.x + i);
      for (int k = 0; k < width; ++k) sums[0].at[k] += dy.at[k] * x.at[k];
    }
    for (int k = 0; k < width; ++k) sums[1].at[k] += dy.at[k];
    if (a.dx == nullptr) return;
    auto dx = load<width>(a.dx + i);
    for (int k = 0; k < width; ++k)
      dx.at[k] += dy.at[k] * (a.weight == nullptr ? Wide<Real>{1} : a.weight[c + k]);
    store(a.dx + i, dx);
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
  for_each_element<Real>(a.N, {a.x, a.y}, ScaledSum<Real>{a, static_cast<Wide<Real>>(a.factor)});
}

template <class Real>
void add_product(const AddProduct<Real>& a) {
  if (a.y == nullptr) return;
  for_each_element<Real>(a.N, {a.a, a.b, a.y}, ProductSum<Real>{a});
}

template <class Real>
void channels_forward(const ChannelsForward<Real>& a) {
  for_each_element<Real>(a.N * a.C, {a.x, a.weight, a.bias, a.y}, ChannelsOfRow<Real>{a}, {a.C});
}

template <class Real>
void channels_backward(const ChannelsBackward<Real>& a) {
  add_row_sums<Real>(a.N, a.C, std::array{a.dweight, a.dbias}, {a.dy, a.x, a.dx},
                     ChannelsGradient<Real>{a});
}

#define CAROUSEL_INSTANTIATE(Real)                              \
  template void add(const Add<Real>&);                          \
  template void add_scaled(const AddScaled<Real>&);             \
  template void add_product(const AddProduct<Real>&);           \
  template void channels_forward(const ChannelsForward<Real>&); \
  template void channels_backward(const ChannelsBackward<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel::cuda
