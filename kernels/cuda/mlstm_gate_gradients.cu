#include "kernels/cuda/launch.h"
#include "kernels/cuda/mlstm_gate_gradients.h"
#include "kernels/cuda/scan.h"
#include "kernels/cuda/team.h"
#include "kernels/cuda/tile_product_bf16.h"
#include "kernels/reference/gates.h"

namespace carousel::cuda {

namespace {

using reference::log_sigmoid;
using reference::sigmoid;

// A warp per row.
template <class Element>
__global__ void __launch_bounds__(tile_threads) upstream_kernel(MlstmUpstream<Element> a) {
  using Real = Wide<Element>;
  const std::int64_t at = (std::int64_t{blockIdx.x} * tile_threads + threadIdx.x) / 32;
  if (at >= a.tiles.tasks * a.tiles.S) return;  // whole warps
  const std::int64_t row = a.tiles.row(at / a.tiles.S, at % a.tiles.S);
  double along = 0;
  for (int e = static_cast<int>(threadIdx.x) % 32; e < a.DHv; e += 32)
    along += static_cast<double>(static_cast<Real>(a.dh[row * a.DHv + e])) *
             static_cast<double>(static_cast<Real>(a.h[row * a.DHv + e]));
  along = warp_sum(along);
  if (threadIdx.x % 32 != 0) return;
  const double den = static_cast<double>(a.den[row]), m = a.scalars.m[at];
  const double n = mlstm_normaliser(den, m, a.eps);
  along /= n;
  a.scale[row] = static_cast<Real>(1 / n);
  a.delta[row] = fabs(den) > exp(-m) ? static_cast<Real>(den > 0 ? -along : along) : Real(0);
  a.dm[at] = -along * a.eps;
}

constexpr int p_stride = tile_size + 1;

// Everything but what flows through M: a block per tile.
template <class Element>
struct TileGates {
  using Real = Wide<Element>;

  const MlstmGateGradients<Element>& a;
  const std::int64_t index;
  const MlstmTile tile;
  const std::int64_t step;
  TileSlices<Element, 1> slices;
  SharedPointer<Real> weights;
  SharedPointer<double> p;  // [t][s]
  SharedPointer<double> decay, input, from_before, to_after, sums;

  __device__ TileGates(const MlstmGateGradients<Element>& arguments, SharedMemory& shared)
      : a(arguments),
        index(blockIdx.x),
        tile(a.tiles[index]),
        step(tile.task * a.tiles.S + tile.begin),
        slices(shared),
        weights(shared.take<Real>(tile_elements<Real>)),
        p(shared.take<double>(tile_size * p_stride)),
        decay(shared.take<double>(tile_size)),
        input(shared.take<double>(tile_size)),
        from_before(shared.take<double>(tile_size)),
        to_after(shared.take<double>(tile_size)),
        sums(shared.take<double>(tile_threads / 32)) {}

  static constexpr std::size_t bytes() {
    return TileSlices<Element, 1>::bytes() + shared_bytes<Real>(tile_elements<Real>) +
           shared_bytes<double>(tile_size * p_stride) + 4 * shared_bytes<double>(tile_size) +
           shared_bytes<double>(tile_threads / 32);
  }

  __device__ void load_scalars() {
    const int r = static_cast<int>(threadIdx.x);
    if (r < tile_size) {
      const bool there = r < tile.rows;
      decay[r] = there ? a.scalars.decay[step + r] : 0.0;
      input[r] = there ? a.scalars.input[step + r] : 0.0;
      double before = 0, after = 0;
      for (int group = 0; there && group < a.groups; ++group) {
        const std::int64_t at = group * a.tiles.tasks * a.tiles.S + step + r;
        before += a.outside_q[at];
        after += a.outside_k[at];
      }
      from_before[r] = before;
      to_after[r] = after;
    }
    __syncthreads();
  }

  __device__ std::int64_t row(int r) const { return a.tiles.row(tile.task, tile.begin + r); }

  // The product of two kinds of rows of the tile, without a last column.
  __device__ TileValues<Real, 1> multiply(const MlstmRows<Element>& x,
                                          const MlstmRows<Element>& y) {
    const auto rows = [&](const MlstmRows<Element>& z) {
      return factor(tile.rows, true, [&](int r, int k) { return z(row(r), k); });
    };
    TileProduct<Element, 1> product;
    product.clear();
    product.add(slices, rows(x), rows(y), x.width);
    return product.values(slices);
  }

  // p_ts = A_ts dA_ts
  __device__ void load_pairs() {
    mlstm_load_weights(weights, decay, input);
    auto scores = multiply(a.q, a.k);
    scores.with(multiply(a.g, a.v), [&](int, int t, int s, Real score, Real dA) {
      const Real weight = weights[t * tile_stride<Real> + s];
      double pair = 0;
      if (weight != 0 && t < tile.rows)
        pair = static_cast<double>(weight * score) * static_cast<double>(dA + a.g.last(row(t)));
      p[t * p_stride + s] = pair;
    });
    __syncthreads();
  }

  // Of pairs of steps of which one is before and one behind the tile. The state counts as a step
  // before its chunk, and the one after it as a step behind.
  __device__ double across_tile() {
    const std::int64_t first = index - tile.in_chunk, all = a.tiles.tasks * a.tiles.count;
    double sum = 0;
    for (int n = static_cast<int>(threadIdx.x); n < a.groups * tile.chunk_tiles;
         n += tile_threads) {
      const int other = n % tile.chunk_tiles;
      const std::int64_t at = (n / tile.chunk_tiles * all + first + other) * a.tiles.per_chunk;
      if (other > tile.in_chunk) sum += a.crossing_q[at + tile.in_chunk];
      if (other < tile.in_chunk) sum += a.crossing_k[at];
    }
    const double* const state =
        a.crossing_state + (tile.task * a.tiles.chunks + tile.chunk) * a.state_blocks;
    for (int n = static_cast<int>(threadIdx.x); n < a.state_blocks; n += tile_threads)
      sum += state[n];
    return team_sum(sum, sums);
  }

  __device__ void run() {
    load_scalars();
    load_pairs();
    const double across = across_tile();
    const int r = static_cast<int>(threadIdx.x);
    double di = 0, dlog_f = across;
    if (r < tile.rows) {
      di = to_after[r];
      for (int t = r; t < tile.rows; ++t) {
        const double pair = p[t * p_stride + r], before = from_before[t];
        di += pair;
        dlog_f += before;
      }
      for (int s = 0; s < r; ++s) dlog_f += to_after[s];
    }
    __syncthreads();
    if (r < tile.rows) {  // p[r][s] becomes Σ_{s'<s} p[r][s']
      double sum = 0;
      for (int s = 0; s <= r; ++s) {
        const double pair = p[r * p_stride + s];
        p[r * p_stride + s] = sum;
        sum += pair;
      }
    }
    __syncthreads();
    if (r >= tile.rows) return;
    for (int t = r; t < tile.rows; ++t) dlog_f += p[t * p_stride + r];
    a.di[step + r] = di;
    a.dlog_f[step + r] = dlog_f;
  }
};

template <class Element>
__global__ void __launch_bounds__(tile_threads) tile_kernel(MlstmGateGradients<Element> a) {
  SharedMemory shared;
  TileGates<Element>(a, shared).run();
}

// What later steps give to earlier ones through M: x → x + sum, or sum alone.
struct Through {
  bool open = true;
  double sum = 0;
};
__device__ Through join(const Through& later, const Through& earlier) {
  return earlier.open ? Through{later.open, later.sum + earlier.sum} : earlier;
}

// Whether M_t = logσ(f̃_t) + M_{t−1}.
template <class Real>
__device__ bool carried(const MlstmInputs<Real>& in, const MlstmTiles& tiles, const double* m,
                        std::int64_t task, std::int64_t t) {
  if (mlstm_fresh(in, task, t)) return false;
  const std::int64_t row = tiles.row(task, t);
  const double before = t == 0 ? static_cast<double>(in.m0[task]) : m[task * tiles.S + t - 1];
  return log_sigmoid(static_cast<double>(in.f[row])) + before > static_cast<double>(in.i[row]);
}

// ⟨dĈ_T, Ĉ_T⟩: the final state carries the factor exp(−M_T).
template <class Element>
__device__ double final_effect(const MlstmGateGradients<Element>& a, std::int64_t task,
                               SharedPointer<double> sums) {
  const int first = (a.tiles.chunks - 1) * a.tiles.per_chunk, count = a.tiles.count - first;
  double sum = 0;
  for (int n = static_cast<int>(threadIdx.x); n < a.groups * count; n += tile_threads) {
    const std::int64_t tile =
        (n / count * a.tiles.tasks + task) * a.tiles.count + first + n % count;
    sum += a.crossing_k[tile * a.tiles.per_chunk];
  }
  const double* const state = a.crossing_state + ((task + 1) * a.tiles.chunks - 1) * a.state_blocks;
  for (int n = static_cast<int>(threadIdx.x); n < a.state_blocks; n += tile_threads)
    sum += state[n];
  return team_sum(sum, sums);
}

// What flows through M, and the sums: a block per task, each thread a stretch of steps.
template <class Element>
__global__ void __launch_bounds__(tile_threads) finish_kernel(MlstmGateGradients<Element> a) {
  using Real = Wide<Element>;
  SharedMemory shared;
  const auto scratch = shared.take<Through>(tile_threads);
  const auto sums = shared.take<double>(tile_threads / 32);
  const std::int64_t task = blockIdx.x, S = a.tiles.S, thread = threadIdx.x;
  const std::int64_t each = (S + tile_threads - 1) / tile_threads;
  const std::int64_t first = min(thread * each, S), last = min(first + each, S);
  const double effect = final_effect(a, task, sums);
  const auto dm = [&](std::int64_t t) {
    const double own = a.dm[task * S + t];
    return t + 1 < S ? own : own - effect + static_cast<double>(a.last_dm[task]);
  };

  Through own;
  for (std::int64_t t = last - 1; t >= first; --t)
    own = join(own, carried(a.in, a.tiles, a.scalars.m, task, t) ? Through{true, dm(t)}
                                                                 : Through{false, 0.0});
  const int place = tile_threads - 1 - static_cast<int>(thread);  // the last steps come first
  double through = scan_before(own, place, tile_threads, scratch, join).sum;
  for (std::int64_t t = last - 1; t >= first; --t) {
    const std::int64_t row = a.tiles.row(task, t);
    const bool on = carried(a.in, a.tiles, a.scalars.m, task, t);
    const double gamma = through + dm(t);
    const double di = a.di[task * S + t] + (on ? 0.0 : gamma);
    const double dlog_f = a.dlog_f[task * S + t] + (on ? gamma : 0.0);
    const double df = dlog_f * sigmoid(-static_cast<double>(a.in.f[row]));
    if (a.sum_di != nullptr) a.sum_di[row] += static_cast<Real>(di);
    if (a.sum_df != nullptr) a.sum_df[row] += static_cast<Real>(df);
    // m0 and the first log f are only ever used as their sum.
    if (t == 0 && a.sum_dm0 != nullptr) a.sum_dm0[task] += static_cast<Real>(dlog_f);
    through = on ? gamma : 0.0;
  }
}

}  // namespace

template <class Element>
void mlstm_upstream(const MlstmUpstream<Element>& a) {
  const std::int64_t threads = 32 * a.tiles.tasks * a.tiles.S;
  launch(upstream_kernel<Element>,
         static_cast<unsigned>((threads + tile_threads - 1) / tile_threads), tile_threads, 0, a);
}

template <class Element>
void mlstm_gate_gradients(const MlstmGateGradients<Element>& a) {
  launch(tile_kernel<Element>, static_cast<unsigned>(a.tiles.tasks * a.tiles.count), tile_threads,
         TileGates<Element>::bytes(), a);
  launch(finish_kernel<Element>, static_cast<unsigned>(a.tiles.tasks), tile_threads,
         shared_bytes<Through>(tile_threads) + shared_bytes<double>(tile_threads / 32), a);
}

template void mlstm_upstream(const MlstmUpstream<float>&);
template void mlstm_upstream(const MlstmUpstream<double>&);
template void mlstm_upstream(const MlstmUpstream<bf16>&);
template void mlstm_gate_gradients(const MlstmGateGradients<float>&);
template void mlstm_gate_gradients(const MlstmGateGradients<double>&);
template void mlstm_gate_gradients(const MlstmGateGradients<bf16>&);

}  // namespace carousel::cuda
