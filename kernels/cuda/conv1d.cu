// The equations are those of the reference, reference/conv1d.cpp. A thread takes neighbouring
// channels of 8 neighbouring rows and keeps their sums and 4 taps in registers. Forward reads x and
// writes y once, backward reads dy and x once each, as far as device memory is concerned; the rows
// that threads share are in the first cache.

#include "core/tensor.h"
#include "kernels/conv1d.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/row_sums.h"
#include "kernels/cuda/unroll.h"

namespace carousel::cuda {

namespace {

constexpr int steps = 8, taps = 4, block = 256;
// Neighbours that a thread takes. With 8 narrow ones it would need 170 registers, and a
// multiprocessor would have room for one block.
template <class Real>
constexpr int channels = pack<Wide<Real>>;
constexpr std::int64_t part_steps = 64;  // of a sequence, summed up before parts are

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class Args>
__device__ bool resets(const Args& a, std::int64_t b, std::int64_t t) {
  return a.reset != nullptr && a.reset[b * a.S + t] != 0;
}

// Where row s of sequence b begins, in x for s = 0 … S−1, in the state for s = −(KS−1) … −1.
template <class Args>
__device__ std::int64_t in_x(const Args& a, std::int64_t b, std::int64_t s) {
  return (b * a.S + s) * a.C;
}
template <class Args>
__device__ std::int64_t in_state(const Args& a, std::int64_t b, std::int64_t s) {
  return ((b + 1) * (a.KS - 1) + s) * a.C;
}

// Channels from c on of row s of sequence b in [state | x].
template <int width, class Args>
__device__ auto load_row(const Args& a, std::int64_t b, std::int64_t s, std::int64_t c) {
  return s >= 0 ? load<width>(a.x + in_x(a, b, s) + c)
                : load<width>(a.state + in_state(a, b, s) + c);
}

// How many of the rows t, t−1, … there are to be seen from t, at most KS.
template <class Args>
__device__ int reach_back(const Args& a, std::int64_t b, std::int64_t t) {
  const std::int64_t rows = a.state == nullptr ? min(a.KS, t + 1) : a.KS;
  for (std::int64_t k = 0; k < rows && k <= t; ++k) {
    if (resets(a, b, t - k)) return static_cast<int>(k + 1);
  }
  return static_cast<int>(rows);
}

// How many of the steps s, s+1, …, S see row s, at most KS. Step S stands for the state after x.
template <class Args>
__device__ int reach_ahead(const Args& a, std::int64_t b, std::int64_t s) {
  const std::int64_t end = min(a.KS, a.S - s + 1);
  for (std::int64_t k = max(std::int64_t{1}, -s); k < end && s + k < a.S; ++k) {
    if (resets(a, b, s + k)) return static_cast<int>(k);
  }
  return static_cast<int>(end);
}

// What a thread works on: channels from c on, in the rows from `first` on of sequence b.
struct Task {
  std::int64_t b, first, c;
  bool exists;
};

__device__ Task find_task(std::int64_t B, std::int64_t rows, std::int64_t each, std::int64_t C,
                          int width) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t vectors = C / width, chunks = (rows + each - 1) / each, chunk = i / vectors;
  return {chunk / chunks, chunk % chunks * each, i % vectors * width, chunk < B * chunks};
}

// The taps k … k + 3 of neighbouring channels, where tap k reaches back k steps.
template <int width, class Real>
struct Taps {
  Real at[taps][width];
  template <class Args>
  __device__ Taps(const Args& a, std::int64_t c, std::int64_t k) {
    CAROUSEL_UNROLL
    for (int j = 0; j < taps; ++j) {
      CAROUSEL_UNROLL
      for (int i = 0; i < width; ++i)
        at[j][i] = k + j < a.KS ? a.weight[(c + i + 1) * a.KS - 1 - k - j] : Real{0};
    }
  }
};

template <int width, class Real>
__device__ void add_product(const Real (&w)[width], const Elements<Real, width>& x,
                            Elements<Real, width>& y) {
  CAROUSEL_UNROLL
  for (int i = 0; i < width; ++i) y.at[i] += w[i] * x.at[i];
}

template <int width, class Real>
__global__ void __launch_bounds__(block) forward_kernel(Conv1dForward<Real> a) {
  const auto [b, first, c, exists] = find_task(a.B, a.S, steps, a.C, width);
  if (!exists) return;
  Elements<Wide<Real>, width> y[steps]{};
  int reach[steps];
  CAROUSEL_UNROLL
  for (int n = 0; n < steps; ++n) {
    reach[n] = first + n < a.S ? reach_back(a, b, first + n) : 0;
    if (a.bias != nullptr) y[n] = load<width>(a.bias + c);
  }
  for (std::int64_t k = 0; k < a.KS; k += taps) {
    const Taps<width, Wide<Real>> w(a, c, k);
    // Every row goes to the steps that see it through one of these taps.
    CAROUSEL_UNROLL
    for (int i = 0; i < steps + taps - 1; ++i) {
      const std::int64_t s = first - k - (taps - 1) + i;
      if (s >= a.S || s < (a.state == nullptr ? 0 : 1 - a.KS)) continue;
      const auto x = load_row<width>(a, b, s, c);
      CAROUSEL_UNROLL
      for (int j = 0; j < taps; ++j) {
        const int n = i - (taps - 1) + j;
        if (n < 0 || n >= steps) continue;
        if (k + j < reach[n]) add_product(w.at[j], x, y[n]);
      }
    }
  }
  CAROUSEL_UNROLL
  for (int n = 0; n < steps; ++n) {
    if (first + n < a.S) store(a.y + (b * a.S + first + n) * a.C + c, y[n]);
  }
}

// The state after x: row k of those before its end is x_{S−1−k}.
template <class Real>
__global__ void __launch_bounds__(block) last_kernel(Conv1dForward<Real> a) {
  const auto [b, first, c, exists] = find_task(a.B, a.KS - 1, 1, a.C, 1);
  if (!exists) return;
  const std::int64_t k = a.KS - 2 - first, s = a.S - 1 - k;
  const bool seen = k < reach_back(a, b, a.S - 1);
  a.last[(b * (a.KS - 1) + first) * a.C + c] = seen ? load_row<1>(a, b, s, c).at[0] : Wide<Real>{0};
}

// The gradients of the rows [begin, end) of [state | x], collected from the steps that saw them.
template <int width, class Real>
__global__ void __launch_bounds__(block)
    backward_rows_kernel(Conv1dBackward<Real> a, std::int64_t begin, std::int64_t end) {
  auto [b, first, c, exists] = find_task(a.B, end - begin, steps, a.C, width);
  if (!exists) return;
  first += begin;
  Elements<Wide<Real>, width> d[steps]{};
  int reach[steps];
  CAROUSEL_UNROLL
  for (int n = 0; n < steps; ++n) {
    const std::int64_t s = first + n, until_end = a.S - s;
    reach[n] = s < end ? reach_ahead(a, b, s) : 0;
    if (s < end && until_end < reach[n])
      d[n] = load<width>(a.dlast + ((b + 1) * (a.KS - 1) - until_end) * a.C + c);
  }
  for (std::int64_t k = 0; k < a.KS; k += taps) {
    const Taps<width, Wide<Real>> w(a, c, k);
    CAROUSEL_UNROLL
    for (int i = 0; i < steps + taps - 1; ++i) {
      const std::int64_t t = first + k + i;
      if (t < 0 || t >= a.S) continue;
      const auto dy = load<width>(a.dy + (b * a.S + t) * a.C + c);
      CAROUSEL_UNROLL
      for (int j = 0; j < taps; ++j) {
        const int n = i - j;
        if (n < 0 || n >= steps) continue;
        if (k + j < reach[n]) add_product(w.at[j], dy, d[n]);
      }
    }
  }
  CAROUSEL_UNROLL
  for (int n = 0; n < steps; ++n) {
    const std::int64_t s = first + n;
    if (s >= end) continue;
    if (s >= 0) {
      add_to(a.dx + in_x(a, b, s) + c, d[n]);
    } else {
      add_to(a.dstate + in_state(a, b, s) + c, d[n]);
    }
  }
}

// sums, (parts, C, KS): dw of neighbouring channels over 64 steps of one sequence.
template <int width, class Real>
__global__ void __launch_bounds__(block)
    backward_weight_kernel(Conv1dBackward<Real> a, Wide<Real>* sums) {
  using Piece = Elements<Wide<Real>, width>;
  const Task task = find_task(a.B, a.S, part_steps, a.C, width);
  if (!task.exists) return;
  const std::int64_t b = task.b, first = task.first, c = task.c;
  const std::int64_t part = b * ((a.S + part_steps - 1) / part_steps) + first / part_steps;
  const std::int64_t end = min(a.S, first + part_steps);
  const auto x_at = [&](std::int64_t s) {
    const bool there = s >= (a.state == nullptr ? 0 : 1 - a.KS);
    return there ? load_row<width>(a, b, s, c) : Piece{};
  };
  for (std::int64_t k = 0; k < a.KS; k += taps) {
    Piece sum[taps]{}, x[taps]{};  // x_{t−k−j}
    CAROUSEL_UNROLL
    for (int j = 1; j < taps; ++j) x[j - 1] = x_at(first - k - j);
    for (std::int64_t t = first; t < end; ++t) {
      CAROUSEL_UNROLL
      for (int j = taps - 1; j > 0; --j) x[j] = x[j - 1];
      x[0] = x_at(t - k);
      const auto dy = load<width>(a.dy + in_x(a, b, t) + c);
      const int reach = reach_back(a, b, t);
      CAROUSEL_UNROLL
      for (int j = 0; j < taps; ++j) {
        if (k + j < reach) add_product(dy.at, x[j], sum[j]);
      }
    }
    CAROUSEL_UNROLL
    for (int j = 0; j < taps; ++j) {
      CAROUSEL_UNROLL
      for (int i = 0; i < width; ++i)
        if (k + j < a.KS) sums[(part * a.C + c + i + 1) * a.KS - 1 - k - j] = sum[j].at[i];
    }
  }
}

unsigned grid_for(std::int64_t tasks) { return static_cast<unsigned>(ceil_div(tasks, block)); }

template <class Real>
void backward_rows(const Conv1dBackward<Real>& a, const void* d, std::int64_t begin,
                   std::int64_t end) {
  const std::int64_t tasks = a.B * ceil_div(end - begin, steps) * a.C;
  if (d == nullptr || tasks == 0) return;
  constexpr int width = channels<Real>;
  const bool wide = packs_fit<Real>({a.dy, a.dlast, d}, {a.C});
  launch(wide ? backward_rows_kernel<width, Real> : backward_rows_kernel<1, Real>,
         grid_for(wide ? tasks / width : tasks), block, 0, a, begin, end);
}

template <class Real>
void backward_weight(const Conv1dBackward<Real>& a) {
  const std::int64_t parts = a.B * ceil_div(a.S, part_steps), tasks = parts * a.C;
  if (a.dweight == nullptr || tasks == 0) return;
  Tensor<Wide<Real>> sums({parts, a.C, a.KS}, Device::cuda);
  // Of narrow elements two, so that as many bytes are on their way.
  constexpr int width = static_cast<int>(sizeof(Wide<Real>) / sizeof(Real));
  const bool wide = packs_fit<Real>({a.dy, a.x, a.state}, {a.C});
  launch(wide ? backward_weight_kernel<width, Real> : backward_weight_kernel<1, Real>,
         grid_for(wide ? tasks / width : tasks), block, 0, a, sums.mutable_data());
  add_partial_sums(sums.data(), parts, a.C * a.KS, a.dweight);
}

}  // namespace

template <class Real>
void conv1d_forward(const Conv1dForward<Real>& a) {
  const std::int64_t tasks = a.B * ceil_div(a.S, steps) * a.C, last = a.B * (a.KS - 1) * a.C;
  constexpr int width = channels<Real>;
  const bool wide = packs_fit<Real>({a.x, a.bias, a.state, a.y}, {a.C});
  if (tasks > 0) {
    launch(wide ? forward_kernel<width, Real> : forward_kernel<1, Real>,
           grid_for(wide ? tasks / width : tasks), block, 0, a);
  }
  if (last > 0) launch(last_kernel<Real>, grid_for(last), block, 0, a);
}

template <class Real>
void conv1d_backward(const Conv1dBackward<Real>& a) {
  // One after the other, since the two gradients might be one buffer.
  backward_rows(a, a.dx, 0, a.S);
  backward_rows(a, a.dstate, 1 - a.KS, 0);
  backward_weight(a);
}

template void conv1d_forward(const Conv1dForward<float>&);
template void conv1d_forward(const Conv1dForward<double>&);
template void conv1d_forward(const Conv1dForward<bf16>&);
template void conv1d_backward(const Conv1dBackward<float>&);
template void conv1d_backward(const Conv1dBackward<double>&);
template void conv1d_backward(const Conv1dBackward<bf16>&);

}  // namespace carousel::cuda
