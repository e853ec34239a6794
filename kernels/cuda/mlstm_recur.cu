// A block has 64 x 64 of one state in registers and walks over all chunks: in that dimension there
// is no parallelism, but there are heads and tiles enough. The blocks with the first columns have
// n besides.

#include "kernels/cuda/launch.h"
#include "kernels/cuda/mlstm_recur.h"
#include "kernels/cuda/team.h"
#include "kernels/cuda/tile_product_bf16.h"

namespace carousel::cuda {

namespace {

constexpr int parts = tile_threads / tile_size;  // threads that share a row of n

template <class Element>
struct Recur {
  using Real = Wide<Element>;

  const MlstmRecur<Element>& a;
  const std::int64_t task;
  const int block, row0, column0, rows, columns;

  TileSlices<Element, 1> slices;
  SharedPointer<Real> weights;  // of the steps of a tile
  SharedPointer<Real> sums_n;   // (parts, 64)
  SharedPointer<double> sums;
  TileProduct<Element, 1> product;
  TileValues<Real, 1> state;
  Real n, product_n;  // of row threadIdx.x % 64; n is whole in the first part's threads

  __device__ Recur(const MlstmRecur<Element>& arguments, int across, int blocks,
                   SharedMemory& shared)
      : a(arguments),
        task(blockIdx.x / static_cast<unsigned>(blocks)),
        block(static_cast<int>(blockIdx.x % static_cast<unsigned>(blocks))),
        row0(block / across * tile_size),
        column0(block % across * tile_size),
        rows(min(a.DHqk - row0, tile_size)),
        columns(min(a.DHv - column0, tile_size)),
        slices(shared),
        weights(shared.take<Real>(tile_size)),
        sums_n(shared.take<Real>(tile_threads)),
        sums(shared.take<double>(tile_threads / 32)),
        n(0),
        product_n(0) {}

  static constexpr std::size_t bytes() {
    return TileSlices<Element, 1>::bytes() + shared_bytes<Real>(tile_size) +
           shared_bytes<Real>(tile_threads) + shared_bytes<double>(tile_threads / 32);
  }

  __device__ std::int64_t size() const { return std::int64_t{a.DHqk} * a.DHv; }
  __device__ int n_row() const { return static_cast<int>(threadIdx.x) % tile_size; }
  __device__ bool has_n() const { return column0 == 0 && n_row() < rows; }

  // f(offset in a state, value) for the thread's elements that exist.
  template <class F>
  __device__ void each(const F& f) {
    state.each([&](int, int r, int c, Real& x) {
      if (r < rows && c < columns) f(std::int64_t{row0 + r} * a.DHv + column0 + c, x);
    });
  }
  template <class F>
  __device__ void each_n(const F& f) {
    if (has_n() && threadIdx.x < tile_size) f(row0 + n_row(), n);
  }

  __device__ void load_start() {
    state.clear();
    if (a.start.c == nullptr) return;
    each([&](std::int64_t at, Real& x) { x = a.start.c[task * size() + at]; });
    each_n([&](int at, Real& x) { x = a.start.n[task * a.DHqk + at]; });
  }

  __device__ void store_inner(int boundary) {
    if (a.inner_c == nullptr) return;
    const std::int64_t slot = task * (a.tiles.chunks - 1) + boundary - 1;
    each([&](std::int64_t at, Real& x) { a.inner_c[slot * size() + at] = x; });
    each_n([&](int at, Real& x) { a.inner_n[slot * a.DHqk + at] = x; });
  }

  __device__ void store_end() {
    const bool add = a.add;
    if (a.end_c != nullptr)
      each([&](std::int64_t at, Real& x) {
        Real& end = a.end_c[task * size() + at];
        end = add ? end + x : x;
      });
    if (a.end_n != nullptr)
      each_n([&](int at, Real& x) {
        Real& end = a.end_n[task * a.DHqk + at];
        end = add ? end + x : x;
      });
  }

  // carry ⟨state, the other state⟩
  __device__ void cross(int chunk, double carry) {
    const auto other = a.before(task, chunk);
    double sum = 0;
    if (carry != 0 && other.c != nullptr) {
      each([&](std::int64_t at, Real& x) {
        sum += static_cast<double>(x) * static_cast<double>(other.c[at]);
      });
      each_n([&](int at, Real& x) {
        sum += static_cast<double>(x) * static_cast<double>(other.n[at]);
      });
    }
    sum = team_sum(sum, sums);
    const std::int64_t blocks = gridDim.x / a.tiles.tasks;
    if (threadIdx.x == 0)
      a.crossing[(task * a.tiles.chunks + chunk) * blocks + block] = carry * sum;
  }

  // product += Σ weight_s x_s z_sᵀ over a tile.
  __device__ void add_tile(std::int64_t index) {
    const MlstmTile tile = a.tiles[index];
    const std::int64_t step = task * a.tiles.S + tile.begin;
    const int t = static_cast<int>(threadIdx.x);
    __syncthreads();  // weights may still be read
    if (t < tile.rows)
      weights[t] = static_cast<Real>(a.backward ? a.scalars.from_start(step + t, index)
                                                : a.scalars.to_end(step + t, index));
    __syncthreads();
    const auto weighted = [&](int r, int k) {
      const Real w = weights[k];
      return w == 0 ? Real(0) : w * a.x(a.tiles.row(task, tile.begin + k), row0 + r);
    };
    const auto z = [&](int c, int k) {
      return weights[k] == 0 ? Real(0) : a.z(a.tiles.row(task, tile.begin + k), column0 + c);
    };
    product.add(slices, factor(rows, false, weighted), factor(columns, false, z), tile.rows);
    for (int k = t / tile_size; has_n() && k < tile.rows; k += parts) {
      if (weights[k] == 0) continue;
      product_n += weighted(n_row(), k) * a.z.last(a.tiles.row(task, tile.begin + k));
    }
  }

  __device__ void add_chunk(std::int64_t first, int count, double carry) {
    product.clear();
    product_n = 0;
    for (int tile = 0; tile < count; ++tile) add_tile(first + tile);
    const MlstmDecay<Real> decay(carry);
    state.with(product.values(slices),
               [&](int, int, int, Real& x, Real sum) { x = decay(x) + sum; });
    if (column0 > 0) return;
    sums_n[static_cast<int>(threadIdx.x)] = product_n;
    __syncthreads();
    if (threadIdx.x >= tile_size) return;
    n = decay(n);
    for (int part = 0; part < parts; ++part) n += sums_n[part * tile_size + n_row()];
  }

  __device__ void run() {
    load_start();
    for (int done = 0; done < a.tiles.chunks; ++done) {
      const int chunk = a.backward ? a.tiles.chunks - 1 - done : done;
      if (done > 0) store_inner(chunk + (a.backward ? 1 : 0));
      const std::int64_t first = task * a.tiles.count + std::int64_t{chunk} * a.tiles.per_chunk;
      const int count = a.tiles[first].chunk_tiles;
      const double carry =
          a.scalars.from_start(task * a.tiles.S + a.tiles.chunk_end(chunk) - 1, first + count - 1);
      if (a.crossing != nullptr) cross(chunk, carry);
      add_chunk(first, count, carry);
    }
    store_end();
  }
};

template <class Element>
__global__ void __launch_bounds__(tile_threads)
    recur_kernel(MlstmRecur<Element> a, int across, int blocks) {
  SharedMemory shared;
  Recur<Element>(a, across, blocks, shared).run();
}

}  // namespace

int mlstm_recur_blocks(int DHqk, int DHv) {
  return ((DHqk - 1) / tile_size + 1) * ((DHv - 1) / tile_size + 1);
}

template <class Element>
void mlstm_recur(const MlstmRecur<Element>& a) {
  const int blocks = mlstm_recur_blocks(a.DHqk, a.DHv);
  launch(recur_kernel<Element>, static_cast<unsigned>(a.tiles.tasks * blocks), tile_threads,
         Recur<Element>::bytes(), a, (a.DHv - 1) / tile_size + 1, blocks);
}

template void mlstm_recur(const MlstmRecur<float>&);
template void mlstm_recur(const MlstmRecur<double>&);
template void mlstm_recur(const MlstmRecur<bf16>&);

}  // namespace carousel::cuda
