// The gradients that wait for nothing once dg is known:
//
//   dx_t += dg_t        db += Σ_t,b dg_t        dR += Σ_t,b dg_t h_{t−1}ᵀ
//
// the last as one product of matrices, with h_{t−1} written out so that it is zero where the state
// was reset.

#include <algorithm>

#include "core/tensor.h"
#include "kernels/cuda/blas.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/partial_sums.h"
#include "kernels/cuda/recurrence.h"

namespace carousel::cuda {

namespace {

constexpr int threads = 256;

unsigned blocks_for(std::int64_t n) { return static_cast<unsigned>((n + threads - 1) / threads); }

// One after the other, since the four gradients might be one buffer.
template <int width, class Real>
__global__ void __launch_bounds__(threads) inputs_kernel(RecurrenceBackward<Real> a) {
  const std::int64_t i = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * width;
  if (i >= a.B * a.S * a.NH * a.DH) return;
  const std::int64_t j = i % a.DH;
  for (unsigned gate = 0; gate < 4; ++gate) {
    if (a.dx[gate] == nullptr) continue;
    const auto dg = load<width>(a.dgates + 4 * i - 3 * j + gate * a.DH);
    auto dx = load<width>(a.dx[gate] + i);
    CAROUSEL_UNROLL
    for (int k = 0; k < width; ++k) dx.at[k] += dg.at[k];
    store(a.dx[gate] + i, dx);
  }
}

// before, (B, S, NH, DH): the h that every step sees.
template <int width, class Real>
__global__ void __launch_bounds__(threads) before_kernel(RecurrenceBackward<Real> a, Real* before) {
  const std::int64_t i = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) * width;
  const std::int64_t heads = a.NH * a.DH, row = i / heads, b = row / a.S, t = row % a.S;
  if (b >= a.B) return;
  const Real* const from = t > 0             ? a.h + i - heads
                           : a.h0 == nullptr ? nullptr
                                             : a.h0 + b * heads + i % heads;
  const bool zero = from == nullptr || (a.reset != nullptr && a.reset[row] != 0);
  Elements<Real, width> h{};
  if (!zero) h = load<width>(from);
  store(before + i, h);
}

template <class Real>
bool packs_fit_heads(const RecurrenceBackward<Real>& a) {
  return packs_fit<Real>({a.dgates, a.dx[0], a.dx[1], a.dx[2], a.dx[3], a.h, a.h0}, {a.DH});
}

template <class Real>
void add_to_recurrent(const RecurrenceBackward<Real>& a) {
  const std::int64_t rows = a.B * a.S, heads = a.NH * a.DH;
  constexpr int width = pack<Real>;
  Tensor<Real> before({rows, heads}, Device::cuda);
  const bool wide = packs_fit_heads(a);
  launch(wide ? before_kernel<width, Real> : before_kernel<1, Real>,
         blocks_for(rows * heads / (wide ? width : 1)), threads, 0, a, before.mutable_data());
  multiply(Product<Real>{
      .a = {a.dgates, 4 * heads, 4 * a.DH, true},
      .b = {before.data(), heads, a.DH},
      .c = {a.drecurrent, a.DH, 4 * a.DH * a.DH},
      .batch = a.NH,
      .M = 4 * a.DH,
      .N = a.DH,
      .K = rows,
      .accumulate = true,
  });
}

template <class Real>
struct Bias {
  Real* dbias;
  __device__ Real* operator()(std::int64_t i) const { return dbias + i; }
};

}  // namespace

template <class Real>
void add_recurrence_gradients(const RecurrenceBackward<Real>& a, const Real* dbias_parts) {
  const std::int64_t n = a.B * a.S * a.NH * a.DH;
  constexpr int width = pack<Real>;
  const bool wide = packs_fit_heads(a);
  if (std::any_of(a.dx.begin(), a.dx.end(), [](const Real* dx) { return dx != nullptr; })) {
    launch(wide ? inputs_kernel<width, Real> : inputs_kernel<1, Real>,
           blocks_for(n / (wide ? width : 1)), threads, 0, a);
  }
  if (a.drecurrent != nullptr) add_to_recurrent(a);
  if (a.dbias != nullptr) add_parts(dbias_parts, a.B, 4 * a.NH * a.DH, Bias<Real>{a.dbias});
}

template void add_recurrence_gradients(const RecurrenceBackward<float>&, const float*);
template void add_recurrence_gradients(const RecurrenceBackward<double>&, const double*);

}  // namespace carousel::cuda
