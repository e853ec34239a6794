// Per channel: y = w ⊙ x + b, so
//
//   dx = w ⊙ dy        dw = Σ_rows dy ⊙ x        db = Σ_rows dy

#include "kernels/arithmetic.h"

#include <algorithm>

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

namespace {

constexpr std::int64_t chunk = 8192;

constexpr std::int64_t columns = 16;  // summed side by side, one accumulator each

// Sums over the rows for up to `columns` neighbouring channels, always in row order, in pieces of
// 256 rows so that long sums stay accurate.
template <class Real>
void sum_channels(const ChannelsBackward<Real>& a, std::int64_t first, std::int64_t width) {
  constexpr std::int64_t piece = 256;
  for (std::int64_t begin = 0; begin < a.N; begin += piece) {
    Real dweight[columns] = {}, dbias[columns] = {};
    for (std::int64_t n = begin; n < std::min(a.N, begin + piece); ++n) {
      const Real* const dy = a.dy + n * a.C + first;
      for (std::int64_t c = 0; c < width; ++c) dbias[c] += dy[c];
      if (a.dweight == nullptr) continue;
      const Real* const x = a.x + n * a.C + first;
      for (std::int64_t c = 0; c < width; ++c) dweight[c] += dy[c] * x[c];
    }
    for (std::int64_t c = 0; c < width; ++c) {
      if (a.dweight != nullptr) a.dweight[first + c] += dweight[c];
      if (a.dbias != nullptr) a.dbias[first + c] += dbias[c];
    }
  }
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
    const std::int64_t tiles = (a.C + columns - 1) / columns;
    parallel_for(tiles, grain_for(columns * a.N), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t tile = begin; tile < end; ++tile) {
        sum_channels(a, tile * columns, std::min(columns, a.C - tile * columns));
      }
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
