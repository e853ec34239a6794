// Step by step; with S = 1 it is the step of a decoder. Two kernels, since every block of the
// second needs den, and the state may be updated where it lies:
//
//   M_t, n_t, den_t = n_t·q̃_t                                              a block per task
//   C_t = decay_t C_{t−1} + input_t k̃_t v_tᵀ      h_t = C_tᵀ q̃_t / N_t      128 bytes of each row
//
// Bytes: a step reads C and writes C, 2 DHqk DHv numbers per task; all else is smaller by a factor
// of DHqk or of DHv. A thread asks for four pieces of 16 bytes before it uses the first: what has
// to be in flight to keep the memory busy.
//
// Backward is that of the chunks (mlstm_chunkwise.cu): the same gradients, from the same saved
// states, in products of matrices.

#include <initializer_list>

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/mlstm_scalars.h"
#include "kernels/cuda/team.h"
#include "kernels/reference/gates.h"

namespace carousel::cuda {

namespace {

using reference::log_sigmoid;

constexpr int threads = 256, ahead = 4;
template <class Real>
constexpr int columns = static_cast<int>(128 / sizeof(Wide<Real>));  // of a block

// What the second kernel needs of a step.
struct StepScalars {
  double decay, input, scale;  // scale = 1 / N_t
};

template <class Real>
__device__ std::int64_t row_of(const MlstmInputs<Real>& in, std::int64_t task, std::int64_t t) {
  return (task / in.NH * in.S + t) * in.NH + task % in.NH;
}

// The saved state that is the one after step t, or −1.
template <class Real>
__device__ std::int64_t saved_after(const MlstmForward<Real>& a, std::int64_t task,
                                    std::int64_t t) {
  const auto& in = a.in;
  if (a.chunk_c == nullptr || t + 1 == in.S || (t + 1) % in.chunk_size != 0) return -1;
  return task * ((in.S - 1) / in.chunk_size) + (t + 1) / in.chunk_size - 1;
}

template <class Real>
__global__ void __launch_bounds__(threads)
    normaliser_kernel(MlstmForward<Real> a, StepScalars* steps) {
  SharedMemory shared;
  const auto scratch = shared.take<Wide<Real>>(threads / 32);
  const auto& in = a.in;
  const std::int64_t task = blockIdx.x;
  Wide<Real>* const n = a.n + task * in.DHqk;
  const Wide<Real>* previous = in.n0 == nullptr ? nullptr : in.n0 + task * in.DHqk;
  double m = in.m0 == nullptr ? 0.0 : static_cast<double>(in.m0[task]);
  for (std::int64_t t = 0; t < in.S; ++t, previous = n) {
    const std::int64_t row = row_of(in, task, t), saved = saved_after(a, task, t);
    const bool fresh = mlstm_fresh(in, task, t);
    const double i = static_cast<double>(in.i[row]);
    const double log_f = log_sigmoid(static_cast<double>(in.f[row])), carry = log_f + m;
    double next = !fresh && carry > i ? carry : i;
    // The last M is handed out: the final state is exact for the m that goes with it.
    if (t + 1 == in.S) next = static_cast<double>(static_cast<Wide<Real>>(next));
    // Large M cancel before log f is lost.
    const double decay = fresh ? 0.0 : exp(log_f + (m - next)), input = exp(i - next);
    m = next;

    const MlstmDecay<Wide<Real>> decayed(decay);
    const auto key_scale = static_cast<Wide<Real>>(input * in.key_scale);
    const auto query_scale = static_cast<Wide<Real>>(in.query_scale);
    Wide<Real> den = 0;
    for (std::int64_t j = threadIdx.x; j < in.DHqk; j += threads) {
      const Wide<Real> key = key_scale * in.k[row * in.DHqk + j];
      const Wide<Real> value = decay == 0 ? key : decayed(previous[j]) + key;
      n[j] = value;
      if (saved >= 0) a.chunk_n[saved * in.DHqk + j] = value;
      den += query_scale * in.q[row * in.DHqk + j] * value;
    }
    den = team_sum(den, scratch);
    if (threadIdx.x > 0) continue;
    a.den[row] = den;
    if (t + 1 == in.S) a.m[task] = static_cast<Wide<Real>>(m);
    steps[task * in.S + t] = {decay, input,
                              1 / mlstm_normaliser(static_cast<double>(den), m, in.eps)};
  }
}

// A thread has `width` columns of every so many-th row of C.
template <class Real, int width>
struct RecurrentStep {
  static constexpr int across = columns<Real> / width, down = threads / across;
  using Piece = Elements<Wide<Real>, width>;

  const MlstmForward<Real>& a;
  const std::int64_t task, column;
  const bool there;
  const int first;                    // row
  SharedPointer<Wide<Real>> partial;  // (down, columns)

  // Rows j, j + down, … of C, `ahead` of them, and what they add to h.
  __device__ void rows(std::int64_t j, std::int64_t row, const StepScalars& step,
                       const Wide<Real>* previous, Wide<Real>* saved, const Piece& v,
                       Piece& h) const {
    const auto& in = a.in;
    const std::int64_t size = in.DHqk * in.DHv;
    const MlstmDecay<Wide<Real>> decayed(step.decay);
    const auto key_scale = static_cast<Wide<Real>>(step.input * in.key_scale);
    const auto query_scale = static_cast<Wide<Real>>(in.query_scale);
    Piece c[ahead]{};
    Wide<Real> key[ahead]{}, query[ahead]{};
    CAROUSEL_UNROLL
    for (int n = 0; n < ahead; ++n) {
      const std::int64_t at = j + n * down;
      if (at >= in.DHqk) break;
      if (step.decay != 0) c[n] = load<width>(previous + at * in.DHv + column);
      key[n] = key_scale * in.k[row * in.DHqk + at];
      query[n] = query_scale * in.q[row * in.DHqk + at];
    }
    CAROUSEL_UNROLL
    for (int n = 0; n < ahead; ++n) {
      const std::int64_t at = j + n * down;
      if (at >= in.DHqk) break;
      CAROUSEL_UNROLL
      for (int e = 0; e < width; ++e) {
        const Wide<Real> added = key[n] * v.at[e];
        c[n].at[e] = step.decay == 0 ? added : decayed(c[n].at[e]) + added;
        h.at[e] += query[n] * c[n].at[e];
      }
      store(a.c + task * size + at * in.DHv + column, c[n]);
      if (saved != nullptr) store(saved + at * in.DHv + column, c[n]);
    }
  }

  __device__ void run(std::int64_t t, const StepScalars& step) const {
    const auto& in = a.in;
    const std::int64_t size = in.DHqk * in.DHv, row = row_of(in, task, t);
    const Wide<Real>* const previous = (t == 0 && in.c0 != nullptr ? in.c0 : a.c) + task * size;
    const std::int64_t slot = saved_after(a, task, t);
    Wide<Real>* const saved = slot < 0 ? nullptr : a.chunk_c + slot * size;
    Piece h{};
    if (there) {
      const Piece v = load<width>(in.v + row * in.DHv + column);
      for (std::int64_t j = first; j < in.DHqk; j += ahead * down)
        rows(j, row, step, previous, saved, v, h);
    }
    const int lane = static_cast<int>(threadIdx.x) % across * width;
    for (int e = 0; e < width; ++e) partial[first * columns<Real> + lane + e] = h.at[e];
    __syncthreads();
    const int c = static_cast<int>(threadIdx.x);
    const std::int64_t out = column - lane + c;
    if (c < columns<Real> && out < in.DHv) {
      Wide<Real> sum = 0;
      for (int r = 0; r < down; ++r) sum += partial[r * columns<Real> + c];
      a.h[row * in.DHv + out] = rounded<Real>(static_cast<Wide<Real>>(step.scale) * sum);
    }
    __syncthreads();
  }
};

template <class Real, int width>
__global__ void __launch_bounds__(threads)
    state_kernel(MlstmForward<Real> a, const StepScalars* steps, int blocks) {
  using Step = RecurrentStep<Real, width>;
  SharedMemory shared;
  const int thread = static_cast<int>(threadIdx.x);
  const int block = static_cast<int>(blockIdx.x % static_cast<unsigned>(blocks));
  const std::int64_t task = blockIdx.x / static_cast<unsigned>(blocks);
  const std::int64_t column = block * columns<Real> + thread % Step::across * width;
  const Step step{a,
                  task,
                  column,
                  column < a.in.DHv,
                  thread / Step::across,
                  shared.take<Wide<Real>>(Step::down * columns<Real>)};
  for (std::int64_t t = 0; t < a.in.S; ++t) step.run(t, steps[task * a.in.S + t]);
}

template <class Real, int width>
void launch_state(const MlstmForward<Real>& a, const StepScalars* steps) {
  const std::int64_t blocks = (a.in.DHv - 1) / columns<Real> + 1;
  launch(state_kernel<Real, width>, static_cast<unsigned>(a.in.B * a.in.NH * blocks), threads,
         shared_bytes<Wide<Real>>(RecurrentStep<Real, width>::down * columns<Real>), a, steps,
         static_cast<int>(blocks));
}

}  // namespace

template <class Real>
void mlstm_recurrent_forward(const MlstmForward<Real>& a) {
  const std::int64_t tasks = a.in.B * a.in.NH;
  if (tasks == 0) return;
  Tensor<double> memory({tasks, a.in.S, 3}, Device::cuda);
  auto* const steps = reinterpret_cast<StepScalars*>(memory.mutable_data());
  launch(normaliser_kernel<Real>, static_cast<unsigned>(tasks), threads,
         shared_bytes<Wide<Real>>(threads / 32), a, steps);
  constexpr int width = pack<Wide<Real>>;
  if (packs_fit<Wide<Real>>({a.in.v, a.in.c0, a.c, a.chunk_c}, {a.in.DHv})) {
    launch_state<Real, width>(a, steps);
  } else {
    launch_state<Real, 1>(a, steps);
  }
}

template void mlstm_recurrent_forward(const MlstmForward<float>&);
template void mlstm_recurrent_forward(const MlstmForward<double>&);
template void mlstm_recurrent_forward(const MlstmForward<bf16>&);

}  // namespace carousel::cuda
