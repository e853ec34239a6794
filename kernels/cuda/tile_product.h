// Products of matrices that a block of 256 threads computes a tile at a time, 64 rows by 64 · H
// columns, for kernels that do more than a product: what they multiply is given by functions, and
// what comes out stays with the threads.
//
// A slice of each factor, 32 deep, lies in shared memory with its depth as the slow axis, a[k][row]
// and b[k][column]. A thread multiplies 4 rows by H times 4 columns: per step of depth (1 + H) · 4
// numbers are read for H · 16 multiplications.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>

#include "kernels/cuda/elements.h"
#include "kernels/cuda/shared_memory.h"
#include "kernels/cuda/unroll.h"

namespace carousel::cuda {

constexpr int tile_threads = 256, tile_size = 64, slice_depth = 32;

// Rows of shared memory begin 16 bytes further each time: columns of them lie in several banks.
template <class Element, int width = tile_size>
constexpr int tile_stride = width + pack<Element>;
template <class Element>
constexpr int tile_elements = tile_size* tile_stride<Element>;

// What a factor is: at(i, k) is its element in row or column i at depth k, asked for where i <
// count; the rest are zeros.
template <class At>
struct Factor {
  At at;
  int count;
  bool along_depth;  // neighbours in memory are neighbours in depth
};
template <class At>
__device__ Factor<At> factor(int count, bool along_depth, const At& at) {
  return {at, count, along_depth};
}

// The elements of a tile that one thread has: 4 rows, 4 columns in each of H squares of 64.
template <class Real, int H>
struct TileValues {
  Real at[4][H][4];

  static __device__ int row(int i) { return static_cast<int>(threadIdx.x) / 16 * 4 + i; }
  static __device__ int column(int h, int j) {
    return h * tile_size + static_cast<int>(threadIdx.x) % 16 * 4 + j;
  }

  __device__ void clear() {
    each([](int, int, int, Real& x) { x = 0; });
  }
  // f(i, row, column, x) for every element x, in row i of the thread's.
  template <class F>
  __device__ void each(const F& f) {
    with(*this, [&](int i, int r, int c, Real& x, Real) { f(i, r, c, x); });
  }
  // f(i, row, column, x, y) besides with the element y of another tile.
  template <class F>
  __device__ void with(const TileValues& other, const F& f) {
    CAROUSEL_UNROLL
    for (int i = 0; i < 4; ++i) {
      CAROUSEL_UNROLL
      for (int h = 0; h < H; ++h) {
        CAROUSEL_UNROLL
        for (int j = 0; j < 4; ++j) f(i, row(i), column(h, j), at[i][h][j], other.at[i][h][j]);
      }
    }
  }
};

// x of the 16 threads that share their rows, added up; each of them gets the sum.
template <class Real>
__device__ Real sum_along_row(Real x) {
  for (int bit = 8; bit > 0; bit /= 2) x += __shfl_xor_sync(0xffffffffu, x, bit);
  return x;
}

// The depth of a slice is filled up with zeros to a multiple of this.
template <class Element>
inline constexpr int depth_step = 1;

// Fills b[k][i] or a[k][i] with the depths first + k of a factor, k < depth ≤ 32.
template <int width, class Element, class At>
__device__ void load_slice(SharedPointer<Element> slice, const Factor<At>& f, int first,
                           int depth) {
  constexpr int step = depth_step<Element>;
  const int filled = (depth + step - 1) / step * step;
  for (int e = static_cast<int>(threadIdx.x); e < slice_depth * width; e += tile_threads) {
    const int i = f.along_depth ? e / slice_depth : e % width;
    const int k = f.along_depth ? e % slice_depth : e / width;
    if (k >= filled) continue;
    slice[k * tile_stride<Element, width> + i] =
        i < f.count && k < depth ? rounded<Element>(f.at(i, first + k)) : Element(0);
  }
}

// The shared memory that products need, for tiles of up to 64 · H columns.
template <class Element, int H>
struct TileFactorSlices {
  SharedPointer<Element> a, b;

  explicit __device__ TileFactorSlices(SharedMemory& shared)
      : a(shared.take<Element>(a_elements)), b(shared.take<Element>(b_elements)) {}
  static constexpr std::size_t bytes() {
    return shared_bytes<Element>(a_elements) + shared_bytes<Element>(b_elements);
  }

 private:
  static constexpr int a_elements = slice_depth * tile_stride<Element>;
  static constexpr int b_elements = slice_depth * tile_stride<Element, tile_size * H>;
};

template <class Element, int H>
struct TileSlices : TileFactorSlices<Element, H> {
  using TileFactorSlices<Element, H>::TileFactorSlices;
};

// What every TileProduct does with its multiply(a, b, depth, rows, columns).
template <class Product, class Element, int H>
class TileSum {
 public:
  // += a bᵀ, where both factors are read as they are.
  template <class Slices, class A, class B>
  __device__ void add(Slices& slices, const Factor<A>& a, const Factor<B>& b, int depth) {
    for (int k = 0; k < depth; k += slice_depth) {
      const int n = min(slice_depth, depth - k);
      __syncthreads();
      load_slice<tile_size>(slices.a, a, k, n);
      load_slice<tile_size * H>(slices.b, b, k, n);
      __syncthreads();
      product().multiply(slices.a, slices.b, n, a.count, b.count);
    }
  }
  // += a bᵀ, where a lies in shared memory as a[k][row], rows of it, and zeros to 64 x 64.
  template <class Slices, class B>
  __device__ void add(Slices& slices, SharedPointer<Element> a, int rows, const Factor<B>& b,
                      int depth) {
    for (int k = 0; k < depth; k += slice_depth) {
      const int n = min(slice_depth, depth - k);
      __syncthreads();
      load_slice<tile_size * H>(slices.b, b, k, n);
      __syncthreads();
      product().multiply(a + k * tile_stride<Element>, slices.b, n, rows, b.count);
    }
  }

 private:
  __device__ Product& product() { return static_cast<Product&>(*this); }
};

// A sum of products. All threads of the block call together; add begins with a barrier, behind
// which what they wrote before is seen.
template <class Real, int H>
class TileProduct : public TileSum<TileProduct<Real, H>, Real, H> {
 public:
  __device__ void clear() { sum_.clear(); }

  template <class Slices>
  __device__ TileValues<Real, H> values(Slices&) const {
    return sum_;
  }

  __device__ void multiply(SharedPointer<Real> a, SharedPointer<Real> b, int depth, int rows,
                           int columns) {
    const int row = sum_.row(0), column = sum_.column(0, 0);
    if (row >= rows || column >= columns) return;
    for (int k = 0; k < depth; ++k) {
      const Four x = four(a + (k * tile_stride<Real> + row));
      CAROUSEL_UNROLL
      for (int h = 0; h < H; ++h) {
        if (h > 0 && h * tile_size + column >= columns) break;
        const Four y = four(b + (k * tile_stride<Real, tile_size * H> + h * tile_size + column));
        CAROUSEL_UNROLL
        for (int i = 0; i < 4; ++i) {
          CAROUSEL_UNROLL
          for (int j = 0; j < 4; ++j) sum_.at[i][h][j] += x.at[i] * y.at[j];
        }
      }
    }
  }

 private:
  struct Four {
    Real at[4];
  };
  static __device__ Four four(SharedPointer<Real> p) {
    constexpr int width = pack<Real>;
    const auto vectors = as_vectors<Elements<Real, width>>(p);
    Four result;
    CAROUSEL_UNROLL
    for (int v = 0; v < 4 / width; ++v) {
      const Elements<Real, width> vector = vectors[v];
      CAROUSEL_UNROLL
      for (int j = 0; j < width; ++j) result.at[v * width + j] = vector.at[j];
    }
    return result;
  }

  TileValues<Real, H> sum_;
};

}  // namespace carousel::cuda
