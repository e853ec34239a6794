// Per channel: y = w ⊙ x + b, so
//
//   dx = w ⊙ dy        dw = Σ_rows dy ⊙ x        db = Σ_rows dy

#include "kernels/arithmetic.h"

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

constexpr std::int64_t chunk = 8192;

// Sums over the rows of one channel, always in row order.
template <class Real>
void sum_channel(const ChannelsBackward<Real>& a, std::int64_t c) {
  Real dweight = 0, dbias = 0;
  for (std::int64_t n = 0; n < a.N; ++n) {
    if (a.dweight != nullptr) dweight += a.dy[n * a.C + c] * a.x[n * a.C + c];
    dbias += a.dy[n * a.C + c];
  }
  if (a.dweight != nullptr) a.dweight[c] += dweight;
  if (a.dbias != nullptr) a.dbias[c] += dbias;
}

}  // namespace

template <class Real>
void add(const Add<Real>& a) {
  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) a.y[i] = a.a[i] + a.b[i];
  });
}

template <class Real>
void add_scaled(const AddScaled<Real>& a) {
  if (a.y == nullptr) return;
  const Real factor = static_cast<Real>(a.factor);
  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) a.y[i] += factor * a.x[i];
  });
}

template <class Real>
void add_product(const AddProduct<Real>& a) {
  if (a.y == nullptr) return;
  parallel_for(a.N, chunk, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) a.y[i] += a.a[i] * a.b[i];
  });
}

template <class Real>
void channels_forward(const ChannelsForward<Real>& a) {
  parallel_for(a.N, grain_for(a.C), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      for (std::int64_t c = 0; c < a.C; ++c) {
        const Real scaled = a.x[n * a.C + c] * (a.weight == nullptr ? Real{1} : a.weight[c]);
        a.y[n * a.C + c] = scaled + (a.bias == nullptr ? Real{0} : a.bias[c]);
      }
    }
  });
}

template <class Real>
void channels_backward(const ChannelsBackward<Real>& a) {
  if (a.dx != nullptr) {
    parallel_for(a.N, grain_for(a.C), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t n = begin; n < end; ++n) {
        for (std::int64_t c = 0; c < a.C; ++c) {
          const Real weight = a.weight == nullptr ? Real{1} : a.weight[c];
          a.dx[n * a.C + c] += weight * a.dy[n * a.C + c];
        }
      }
    });
  }
  if (a.dweight != nullptr || a.dbias != nullptr) {
    parallel_for(a.C, grain_for(4 * a.N), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t c = begin; c < end; ++c) sum_channel(a, c);
    });
  }
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

}  // namespace carousel::reference
