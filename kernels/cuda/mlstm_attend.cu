// A block computes a tile of rows and up to 128 columns of out. The scores of its rows with every
// tile of the chunk are multiplied by their weights and lie in shared memory as the factor of the
// product with z; what comes from other tiles and from the state is kept apart from the tile's own
// pairs, since the gates' gradients need it.

#include "kernels/cuda/launch.h"
#include "kernels/cuda/mlstm_attend.h"
#include "kernels/cuda/team.h"
#include "kernels/cuda/tile_product_bf16.h"

namespace carousel::cuda {

namespace {

constexpr int most_columns = 2;  // squares of 64

template <class Element, int H>
struct Attend {
  using Real = Wide<Element>;
  static constexpr int stride = tile_stride<Element>;
  static constexpr int weight_stride = tile_stride<Real>;

  const MlstmAttend<Element>& a;
  const MlstmTile tile;
  const std::int64_t index;  // of the tile
  const std::int64_t step;   // of its first step in (tasks, S)
  const int group, column0, columns;

  TileSlices<Element, H> slices;
  SharedPointer<Element> pairs;              // [partner][row]   weighted scores
  SharedPointer<Real> weights;               // [t][s]           D of the tile
  SharedPointer<double> decay, input, sums;  // of the tile's steps; of the block's warps
  SharedPointer<Real> rho, sigma;            // what the rows and their partners bring along
  SharedPointer<Real> state_den;             // e_t q̃_t·n
  TileProduct<Element, 1> scores;
  TileValues<Real, H> total;
  Real den[4];  // of the thread's rows and columns

  __device__ Attend(const MlstmAttend<Element>& arguments, int groups, SharedMemory& shared)
      : a(arguments),
        tile(a.tiles[blockIdx.x / static_cast<unsigned>(groups)]),
        index(blockIdx.x / static_cast<unsigned>(groups)),
        step(tile.task * a.tiles.S + tile.begin),
        group(static_cast<int>(blockIdx.x % static_cast<unsigned>(groups))),
        column0(group * H * tile_size),
        columns(min(a.dz - column0, H * tile_size)),
        slices(shared),
        pairs(shared.take<Element>(tile_elements<Element>)),
        weights(shared.take<Real>(tile_elements<Real>)),
        decay(shared.take<double>(tile_size)),
        input(shared.take<double>(tile_size)),
        sums(shared.take<double>(tile_threads / 32)),
        rho(shared.take<Real>(tile_size)),
        sigma(shared.take<Real>(tile_size)),
        state_den(shared.take<Real>(tile_size)) {}

  static constexpr std::size_t bytes() {
    return TileSlices<Element, H>::bytes() + shared_bytes<Element>(tile_elements<Element>) +
           shared_bytes<Real>(tile_elements<Real>) + 2 * shared_bytes<double>(tile_size) +
           shared_bytes<double>(tile_threads / 32) + 3 * shared_bytes<Real>(tile_size);
  }

  __device__ std::int64_t row(std::int64_t t) const { return a.tiles.row(tile.task, t); }

  // What step t of a tile brings to pairs with other tiles, as the earlier or the later of a pair.
  __device__ double brings(std::int64_t at, bool as_later) const {
    return as_later ? a.scalars.prefix[at] : a.scalars.input[at] * a.scalars.suffix[at];
  }

  __device__ void load_scalars() {
    const int r = static_cast<int>(threadIdx.x);
    if (r < tile_size) {
      const bool there = r < tile.rows;
      decay[r] = there ? a.scalars.decay[step + r] : 0.0;
      input[r] = there ? a.scalars.input[step + r] : 0.0;
      rho[r] = there ? static_cast<Real>(brings(step + r, !a.later)) : Real(0);
      state_den[r] = 0;
    }
    for (Real& x : den) x = 0;
    __syncthreads();
  }

  // sum += weight_r x_r M, for the rows that something is left of.
  __device__ void add_state(TileProduct<Element, H>& sum) {
    const double left = a.later ? a.scalars.after[index] : a.scalars.before[index];
    const auto state = a.states(tile.task, tile.chunk + (a.later ? 1 : 0));
    if (left == 0 || state.c == nullptr) return;
    const auto weight = static_cast<Real>(left);
    const auto x = factor(tile.rows, true, [&](int r, int k) {
      const Real w = rho[r];
      return w * weight == 0 ? Real(0) : w * weight * a.x(row(tile.begin + r), k);
    });
    const std::int64_t DHv = a.states.DHv;
    const auto m = factor(columns, a.transposed, [&](int j, int k) {
      const std::int64_t c = column0 + j;
      if (!a.transposed) return state.c[k * DHv + c];
      return k < DHv ? state.c[c * DHv + k] : state.n[c];
    });
    sum.add(slices, x, m, a.x.width + (a.transposed ? 1 : 0));
    if (a.den != nullptr) add_state_den(state.n, weight);
  }

  // Four threads share a row.
  __device__ void add_state_den(const Real* n, Real weight) {
    const int r = static_cast<int>(threadIdx.x) / 4, part = static_cast<int>(threadIdx.x) % 4;
    Real sum = 0;
    const bool left = r < tile.rows && rho[r] * weight != 0;
    for (int k = part; left && k < a.x.width; k += 4) sum += a.x(row(tile.begin + r), k) * n[k];
    for (int bit = 2; bit > 0; bit /= 2) sum += __shfl_xor_sync(all_lanes, sum, bit);
    if (part == 0 && left) state_den[r] = rho[r] * weight * sum;
  }

  // Scores of the rows with those of a tile that begins at `begin`, times weight(row, partner),
  // into `pairs`.
  template <class Weight>
  __device__ void pair_up(std::int64_t begin, int count, const Weight& weight) {
    scores.clear();
    scores.add(
        slices, factor(tile.rows, true, [&](int r, int k) { return a.x(row(tile.begin + r), k); }),
        factor(count, true, [&](int r, int k) { return a.y(row(begin + r), k); }), a.x.width);
    auto values = scores.values(slices);
    values.each([&](int i, int r, int partner, Real& x) {
      const bool there = r < tile.rows && partner < count;
      const Real w = there ? weight(r, partner) : Real(0);
      const bool last = w != 0 && a.transposed;  // the last columns, of v̂ and ĝ
      if (last) x += a.x.last(row(tile.begin + r)) * a.y.last(row(begin + partner));
      x = w == 0 ? Real(0) : w * x;
      pairs[partner * stride + r] = rounded<Element>(x);
      den[i] += x;
    });
  }

  // sum += pairs · z, of the partners that wanted(partner).
  template <class Wanted>
  __device__ void add_pairs(TileProduct<Element, H>& sum, std::int64_t begin, int count,
                            const Wanted& wanted) {
    const auto z = factor(columns, false, [&](int j, int k) {
      return wanted(k) ? a.z(row(begin + k), column0 + j) : Real(0);
    });
    sum.add(slices, pairs, tile.rows, z, count);
  }

  __device__ void add_tile(TileProduct<Element, H>& sum, int other, double between) {
    const MlstmTile partner = a.tiles[index - tile.in_chunk + other];
    const std::int64_t at = tile.task * a.tiles.S + partner.begin;
    const int r = static_cast<int>(threadIdx.x);
    if (r < tile_size)
      sigma[r] = r < partner.rows ? static_cast<Real>(between * brings(at + r, a.later)) : Real(0);
    pair_up(partner.begin, partner.rows, [&](int row_, int p) { return rho[row_] * sigma[p]; });
    add_pairs(sum, partner.begin, partner.rows, [&](int p) { return sigma[p] != 0; });
  }

  // along · x for the thread's rows, added up over the group's columns.
  __device__ void sum_along(TileValues<Real, H> x, double (&result)[4]) {
    for (double& sum : result) sum = 0;
    x.each([&](int i, int r, int c, Real& value) {
      if (r >= tile.rows || c >= columns || rho[r] == 0) return;
      result[i] += static_cast<double>(a.along(row(tile.begin + r), column0 + c)) *
                   static_cast<double>(value);
    });
    for (double& sum : result) sum = sum_along_row(sum);
  }

  // Writes down what the tile has got so far.
  __device__ double sum_of_tile(TileProduct<Element, H>& sum) {
    double rows[4];
    sum_along(sum.values(slices), rows);
    const double own = threadIdx.x % 16 == 0 ? rows[0] + rows[1] + rows[2] + rows[3] : 0.0;
    return team_sum(own, sums);
  }

  // From the state and from other tiles, the farthest first.
  __device__ void outside() {
    TileProduct<Element, H> sum;
    sum.clear();
    add_state(sum);
    const std::int64_t slot = group * a.tiles.tasks * a.tiles.count + index;
    const int first = a.later ? tile.in_chunk + 1 : 0;
    const int last = a.later ? tile.chunk_tiles : tile.in_chunk;
    const bool noted = a.crossing != nullptr && (a.later || last > 0);
    double crossing = noted ? sum_of_tile(sum) : 0.0;
    if (noted && a.later && threadIdx.x == 0) a.crossing[slot * a.tiles.per_chunk] = crossing;
    for (int n = first; n < last; ++n) {
      if (noted && !a.later && threadIdx.x == 0)
        a.crossing[slot * a.tiles.per_chunk + n] = crossing;
      const double between = a.scalars.between[index * a.tiles.per_chunk + n];
      if (between == 0) continue;
      add_tile(sum, n, between);
      if (noted && !a.later) crossing = sum_of_tile(sum);
    }
    total = sum.values(slices);
    total.each([&](int, int r, int, Real& x) {
      if (rho[r] == 0) x = 0;
    });
    if (a.outside != nullptr) write_outside();
  }

  __device__ void write_outside() {
    double rows[4];
    sum_along(total, rows);
    if (threadIdx.x % 16 != 0) return;
    for (int i = 0; i < 4; ++i) {
      const int r = total.row(i);
      if (r < tile.rows) a.outside[group * a.tiles.tasks * a.tiles.S + step + r] = rows[i];
    }
  }

  // Pairs inside the tile, piece by piece: a piece ends where nothing is carried on.
  __device__ void inside() {
    mlstm_load_weights(weights, decay, input);
    pair_up(tile.begin, tile.rows, [&](int r, int p) -> Real {
      return a.later ? weights[p * weight_stride + r] : weights[r * weight_stride + p];
    });
    for (int begin = 0, end = 0; begin < tile.rows; begin = end) {
      for (end = begin + 1; end < tile.rows && decay[end] != 0;) ++end;
      TileProduct<Element, H> sum;
      sum.clear();
      add_pairs(sum, tile.begin, tile.rows, [&](int p) { return begin <= p && p < end; });
      total.with(sum.values(slices), [&](int, int r, int, Real& x, Real own) {
        if (begin <= r && r < end) x += own;
      });
    }
  }

  __device__ void write() {
    Real scale[4] = {a.factor, a.factor, a.factor, a.factor};
    for (int i = 0; a.den != nullptr && i < 4; ++i) {
      const int r = total.row(i);
      const Real sum = sum_along_row(den[i]) + state_den[r];
      if (r >= tile.rows) continue;
      const double n = mlstm_normaliser(static_cast<double>(sum), a.scalars.m[step + r], a.eps);
      scale[i] = static_cast<Real>(1 / n);
      if (group == 0 && threadIdx.x % 16 == 0) a.den[row(tile.begin + r)] = sum;
    }
    total.each([&](int i, int r, int c, Real& x) {
      if (r >= tile.rows || c >= columns) return;
      Element& out = a.out[row(tile.begin + r) * a.dz + column0 + c];
      out =
          rounded<Element>(a.den != nullptr ? scale[i] * x : static_cast<Real>(out) + scale[i] * x);
    });
  }
};

template <class Element, int H>
__global__ void __launch_bounds__(tile_threads) attend_kernel(MlstmAttend<Element> a, int groups) {
  SharedMemory shared;
  Attend<Element, H> attend(a, groups, shared);
  attend.load_scalars();
  attend.outside();
  if (a.out == nullptr) return;
  attend.inside();
  attend.write();
}

template <class Element, int H>
void launch_attend(const MlstmAttend<Element>& a) {
  const int groups = mlstm_attend_groups<Element>(a.dz);
  launch(attend_kernel<Element, H>, static_cast<unsigned>(a.tiles.tasks * a.tiles.count * groups),
         tile_threads, Attend<Element, H>::bytes(), a, groups);
}

}  // namespace

template <class Element>
int mlstm_attend_groups(int dz) {
  return dz <= tile_size ? 1 : (dz - 1) / (most_columns * tile_size) + 1;
}

template <class Element>
void mlstm_attend(const MlstmAttend<Element>& a) {
  if (a.dz <= tile_size) {
    launch_attend<Element, 1>(a);
  } else {
    launch_attend<Element, most_columns>(a);
  }
}

template int mlstm_attend_groups<float>(int);
template int mlstm_attend_groups<double>(int);
template int mlstm_attend_groups<bf16>(int);
template void mlstm_attend(const MlstmAttend<float>&);
template void mlstm_attend(const MlstmAttend<double>&);
template void mlstm_attend(const MlstmAttend<bf16>&);

}  // namespace carousel::cuda
