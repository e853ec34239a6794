// What the mLSTM's kernels share: how a sequence is cut, and the scalars of its steps.
//
// A task is one head of one sequence, b · NH + head. Its steps are cut into chunks, between which
// only the state is carried, and chunks into tiles of at most 64 steps, between which all pairs of
// steps are computed. The weight of step s in step t ≥ s (kernels/reference/mlstm_gates.h),
//
//   D_ts = input_s Π_{s<r≤t} decay_r,
//
// is between two tiles a product of what s, the tiles between and t bring along:
//
//   D_ts = (input_s suffix_s) · between · prefix_t,
//   suffix_s = Π_{s<r, in its tile} decay_r     prefix_t = Π_{r≤t, in its tile} decay_r.
//
// All factors are ≤ 1: nothing overflows, and what underflows is a weight of zero. A weight of zero
// is no weight: what it would weigh is not looked at, so that not even a NaN crosses a reset.
#pragma once

#include <cstdint>

#include "core/tensor.h"
#include "kernels/cuda/tile_product.h"
#include "kernels/mlstm.h"

namespace carousel::cuda {

// A tile of a task.
struct MlstmTile {
  std::int64_t task, begin;  // its first step
  int rows;                  // its steps
  int number;                // in the task
  int chunk, in_chunk;       // its chunk, and its number there
  int chunk_tiles;           // tiles of its chunk
};

struct MlstmTiles {
  std::int64_t tasks, S, NH, chunk_size;
  int chunks, per_chunk, count;  // of a task; tiles per full chunk; tiles of a task

  MlstmTiles(std::int64_t tasks_, std::int64_t S_, std::int64_t NH_, std::int64_t chunk_size_)
      : tasks(tasks_),
        S(S_),
        NH(NH_),
        chunk_size(chunk_size_ < S_ ? chunk_size_ : S_),
        chunks(static_cast<int>((S - 1) / chunk_size) + 1),
        per_chunk(static_cast<int>((chunk_size - 1) / tile_size) + 1),
        count((chunks - 1) * per_chunk +
              static_cast<int>((S - 1 - (chunks - 1) * chunk_size) / tile_size) + 1) {}

  // The tile with a number in [0, tasks · count).
  __device__ MlstmTile operator[](std::int64_t index) const {
    const std::int64_t task = index / count;
    const int number = static_cast<int>(index % count);
    const int chunk = number / per_chunk, in_chunk = number % per_chunk;
    const std::int64_t begin = chunk * chunk_size + in_chunk * tile_size;
    const std::int64_t end = min(begin + tile_size, chunk_end(chunk));
    const int tiles = chunk + 1 < chunks ? per_chunk : count - chunk * per_chunk;
    return {task, begin, static_cast<int>(end - begin), number, chunk, in_chunk, tiles};
  }
  __device__ std::int64_t chunk_end(int chunk) const { return min((chunk + 1) * chunk_size, S); }
  // The row of step t in (B, S, NH, …).
  __device__ std::int64_t row(std::int64_t task, std::int64_t t) const {
    return (task / NH * S + t) * NH + task % NH;
  }
};

// In double for every Real, as in the reference.
struct MlstmScalars {
  double* m;        // (tasks, S)   M_t
  double* decay;    // (tasks, S)
  double* input;    // (tasks, S)
  double* prefix;   // (tasks, S)
  double* suffix;   // (tasks, S)
  double* before;   // (tasks, tiles)   the decays of all earlier tiles of the chunk, multiplied
  double* after;    // (tasks, tiles)   of all later ones
  double* between;  // (tasks, tiles, per_chunk)   of those strictly between two tiles of a chunk

  // The weight of step t of a tile in the state after its chunk, without the inputs that are not
  // its own, and the part of the state before the chunk that is left at step t.
  __device__ double to_end(std::int64_t step, std::int64_t tile) const {
    return input[step] * suffix[step] * after[tile];
  }
  __device__ double from_start(std::int64_t step, std::int64_t tile) const {
    return prefix[step] * before[tile];
  }
};

// Device memory for the scalars, filled. The last M of every task goes to last_m unless that is
// null.
template <class Real>
class MlstmScalarMemory {
 public:
  MlstmScalarMemory(const MlstmInputs<Real>& in, const MlstmTiles& tiles, Wide<Real>* last_m);
  const MlstmScalars& get() const { return scalars_; }

 private:
  Tensor<double> memory_;
  MlstmScalars scalars_{};
};

// Whether nothing is carried into step t.
template <class Real>
__device__ bool mlstm_fresh(const MlstmInputs<Real>& in, std::int64_t task, std::int64_t t) {
  return (t == 0 && in.m0 == nullptr) ||
         (in.reset != nullptr && in.reset[task / in.NH * in.S + t] != 0);
}

// weights[t][s] = D_ts of a tile with these scalars of its 64 steps, zeros where there are none.
// Four threads share a column s, 16 rows each.
template <class Real>
__device__ void mlstm_load_weights(SharedPointer<Real> weights, SharedPointer<double> decay,
                                   SharedPointer<double> input) {
  const int s = static_cast<int>(threadIdx.x) % tile_size;
  const int first = static_cast<int>(threadIdx.x) / tile_size * 16;
  double weight = input[s];
  // Zero leaves nothing, whatever was there: after the last step not even NaN.
  const auto pass = [&](int t) { weight = decay[t] == 0 ? 0.0 : weight * decay[t]; };
  for (int t = s + 1; t < first; ++t) pass(t);
  for (int t = first; t < first + 16; ++t) {
    if (t > s) pass(t);
    weights[t * tile_stride<Real> + s] = t < s ? Real(0) : static_cast<Real>(weight);
  }
}

// N_t. In double: exp(−M) overflows single precision from M = −88.8 on, and an infinite N is h = 0.
inline __device__ double mlstm_normaliser(double den, double m, double eps) {
  return fmax(fabs(den), exp(-m)) + eps;
}

// decay = kept + rest, with kept 0 or 1, so that what is rounded is small. A factor of 0.998,
// rounded to single precision the same way a thousand times, would cost three digits. Zero leaves
// nothing, whatever was there.
template <class Real>
struct MlstmDecay {
  Real kept, rest;

  explicit __device__ MlstmDecay(double decay)
      : kept(decay < 0.5 ? Real(0) : Real(1)),
        rest(static_cast<Real>(decay - static_cast<double>(kept))) {}
  __device__ Real operator()(Real x) const {
    return kept == 0 && rest == 0 ? Real(0) : kept * x + rest * x;
  }
};

}  // namespace carousel::cuda
