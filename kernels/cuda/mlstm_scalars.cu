// M_t = max(logσ(f̃_t) + M_{t−1}, ĩ_t) is a scan: a stretch of steps turns M into max(M + a, b), and
// so do two stretches in a row. A block scans one task, each thread a stretch; the exponentials
// then come from the M that were stored, so that roundings of M cancel out. Bytes: 2 Real are read
// and 5 double written per step and head, next to nothing beside q, k and v.

#include "kernels/cuda/launch.h"
#include "kernels/cuda/mlstm_scalars.h"
#include "kernels/cuda/scan.h"
#include "kernels/reference/gates.h"

namespace carousel::cuda {

namespace {

using reference::log_sigmoid;

constexpr int scan_threads = 256;

// M → fresh ? b : max(M + a, b).
struct Stretch {
  double a = 0, b = -INFINITY;
  bool fresh = false;

  __device__ double operator()(double m) const {
    const double carried = m + a;
    return !fresh && carried > b ? carried : b;
  }
};

// First x, then y.
__device__ Stretch join(const Stretch& x, const Stretch& y) {
  if (y.fresh) return y;
  return {x.a + y.a, y(x.b), x.fresh};
}

template <class Real>
__device__ Stretch step_of(const MlstmInputs<Real>& in, const MlstmTiles& tiles, std::int64_t task,
                           std::int64_t t) {
  const std::int64_t row = tiles.row(task, t);
  return {log_sigmoid(static_cast<double>(in.f[row])), static_cast<double>(in.i[row]),
          mlstm_fresh(in, task, t)};
}

template <class Real>
__global__ void __launch_bounds__(scan_threads)
    steps_kernel(MlstmInputs<Real> in, MlstmTiles tiles, MlstmScalars scalars, Wide<Real>* last_m) {
  SharedMemory shared;
  const auto scratch = shared.take<Stretch>(scan_threads);
  const std::int64_t task = blockIdx.x, thread = threadIdx.x;
  const std::int64_t each = (in.S + scan_threads - 1) / scan_threads;
  const std::int64_t first = min(thread * each, in.S), last = min(first + each, in.S);

  Stretch own;
  for (std::int64_t t = first; t < last; ++t) own = join(own, step_of(in, tiles, task, t));
  const double m0 = in.m0 == nullptr ? 0.0 : static_cast<double>(in.m0[task]);
  double m = scan_before(own, static_cast<int>(thread), scan_threads, scratch, join)(m0);
  double* const ms = scalars.m + task * in.S;
  for (std::int64_t t = first; t < last; ++t) {
    m = step_of(in, tiles, task, t)(m);
    // The last M is handed out: the final state is exact for the m that goes with it.
    ms[t] = t + 1 < in.S ? m : static_cast<double>(static_cast<Wide<Real>>(m));
  }
  __syncthreads();
  if (last_m != nullptr && thread == 0) last_m[task] = static_cast<Wide<Real>>(ms[in.S - 1]);
  for (std::int64_t t = thread; t < in.S; t += scan_threads) {
    const Stretch step = step_of(in, tiles, task, t);
    const double previous = t == 0 ? m0 : ms[t - 1];
    // Large M cancel before log f is lost.
    scalars.decay[task * in.S + t] = step.fresh ? 0.0 : exp(step.a + (previous - ms[t]));
    scalars.input[task * in.S + t] = exp(step.b - ms[t]);
  }
}

// prefix and suffix of a tile: a warp each, two steps per lane.
__global__ void __launch_bounds__(tile_threads)
    factors_kernel(MlstmTiles tiles, MlstmScalars scalars) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t index = (std::int64_t{blockIdx.x} * tile_threads + threadIdx.x) / 32;
  if (index >= tiles.tasks * tiles.count) return;  // whole warps
  const MlstmTile tile = tiles[index];
  const std::int64_t first = tile.task * tiles.S + tile.begin + 2 * lane;
  const bool one = 2 * lane < tile.rows, two = 2 * lane + 1 < tile.rows;
  const double x = one ? scalars.decay[first] : 1.0, y = two ? scalars.decay[first + 1] : 1.0;
  double up = x * y, down = up;  // of this lane and all before it, of it and all behind it
  for (int distance = 1; distance < 32; distance *= 2) {
    const double earlier = __shfl_up_sync(0xffffffffu, up, static_cast<unsigned>(distance));
    const double later = __shfl_down_sync(0xffffffffu, down, static_cast<unsigned>(distance));
    if (lane >= distance) up *= earlier;
    if (lane + distance < 32) down *= later;
  }
  double before = __shfl_up_sync(0xffffffffu, up, 1u);
  double after = __shfl_down_sync(0xffffffffu, down, 1u);
  if (lane == 0) before = 1;
  if (lane == 31) after = 1;
  if (one) {
    scalars.prefix[first] = before * x;
    scalars.suffix[first] = y * after;
  }
  if (two) {
    scalars.prefix[first + 1] = before * x * y;
    scalars.suffix[first + 1] = after;
  }
}

// between, before and after: a thread per tile.
__global__ void __launch_bounds__(tile_threads)
    reach_kernel(MlstmTiles tiles, MlstmScalars scalars) {
  const std::int64_t index = std::int64_t{blockIdx.x} * tile_threads + threadIdx.x;
  if (index >= tiles.tasks * tiles.count) return;
  const MlstmTile tile = tiles[index];
  double* const between = scalars.between + index * tiles.per_chunk;
  const auto whole = [&](int in_chunk) {
    const MlstmTile other = tiles[index - tile.in_chunk + in_chunk];
    return scalars.prefix[other.task * tiles.S + other.begin + other.rows - 1];
  };
  double product = 1;
  for (int other = tile.in_chunk - 1; other >= 0; --other) {
    between[other] = product;
    product *= whole(other);
  }
  scalars.before[index] = product;
  product = 1;
  for (int other = tile.in_chunk + 1; other < tile.chunk_tiles; ++other) {
    between[other] = product;
    product *= whole(other);
  }
  scalars.after[index] = product;
}

}  // namespace

template <class Real>
MlstmScalarMemory<Real>::MlstmScalarMemory(const MlstmInputs<Real>& in, const MlstmTiles& tiles,
                                           Wide<Real>* last_m) {
  const std::int64_t steps = tiles.tasks * tiles.S, all = tiles.tasks * tiles.count;
  memory_ = Tensor<double>({5 * steps + (2 + tiles.per_chunk) * all}, Device::cuda);
  double* const p = memory_.mutable_data();
  double* const of_tiles = p + 5 * steps;
  scalars_ = {p,        p + steps,      p + 2 * steps,     p + 3 * steps, p + 4 * steps,
              of_tiles, of_tiles + all, of_tiles + 2 * all};
  launch(steps_kernel<Real>, static_cast<unsigned>(tiles.tasks), scan_threads,
         shared_bytes<Stretch>(scan_threads), in, tiles, scalars_, last_m);
  const auto blocks = [&](std::int64_t threads) {
    return static_cast<unsigned>((threads + tile_threads - 1) / tile_threads);
  };
  launch(factors_kernel, blocks(32 * all), tile_threads, 0, tiles, scalars_);
  launch(reach_kernel, blocks(all), tile_threads, 0, tiles, scalars_);
}

template class MlstmScalarMemory<float>;
template class MlstmScalarMemory<double>;
template class MlstmScalarMemory<bf16>;

}  // namespace carousel::cuda
