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
#include "kernels/cuda/recurrence.h"
#include "kernels/cuda/row_sums.h"

namespace carousel::cuda {

namespace {

// dx += dg, one after the other, since the four gradients might be one buffer.
template <class Real>
struct AddInputs {
  RecurrenceBackward<Real> a;
  template <int width>
  __device__ void run(std::int64_t i) const {
    const Real* const dg = a.dgates + 4 * i - 3 * (i % a.DH);
    for (unsigned gate = 0; gate < 4; ++gate) {
      if (a.dx[gate] != nullptr) add_to(a.dx[gate] + i, load<width>(dg + gate * a.DH));
    }
  }
};

// before, (B, S, NH, DH): the h that every step sees.
template <class Real>
struct CopyBefore {
  RecurrenceBackward<Real> a;
  Real* before;
  template <int width>
  __device__ void run(std::int64_t i) const {
    const std::int64_t heads = a.NH * a.DH, row = i / heads, t = row % a.S;
    const bool reset = a.reset != nullptr && a.reset[row] != 0;
    Elements<Real, width> h{};
    if (!reset && t > 0) h = load<width>(a.h + i - heads);
    if (!reset && t == 0 && a.h0 != nullptr) h = load<width>(a.h0 + row / a.S * heads + i % heads);
    store(before + i, h);
  }
};

template <class Real>
void add_to_inputs(const RecurrenceBackward<Real>& a) {
  if (std::all_of(a.dx.begin(), a.dx.end(), [](const Real* dx) { return dx == nullptr; })) return;
  for_each_element<Real>(a.B * a.S * a.NH * a.DH, {a.dgates, a.dx[0], a.dx[1], a.dx[2], a.dx[3]},
                         AddInputs<Real>{a}, {a.DH});
}

template <class Real>
void add_to_recurrent(const RecurrenceBackward<Real>& a) {
  const std::int64_t rows = a.B * a.S, heads = a.NH * a.DH;
  Tensor<Real> before({rows, heads}, Device::cuda);
  for_each_element<Real>(rows * heads, {a.h, a.h0, before.data()},
                         CopyBefore<Real>{a, before.mutable_data()}, {a.DH});
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

}  // namespace

template <class Real>
void add_recurrence_gradients(const RecurrenceBackward<Real>& a, const Real* dbias_parts) {
  add_to_inputs(a);
  if (a.drecurrent != nullptr) add_to_recurrent(a);
  if (a.dbias != nullptr) add_partial_sums(dbias_parts, a.B, 4 * a.NH * a.DH, a.dbias);
}

template void add_recurrence_gradients(const RecurrenceBackward<float>&, const float*);
template void add_recurrence_gradients(const RecurrenceBackward<double>&, const double*);

}  // namespace carousel::cuda
