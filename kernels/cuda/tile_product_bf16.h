// Products of bfloat16 on tensor cores, added up in float: tile_product.h for that element type.
//
// Each of the 8 warps has 16 rows and, in every square of 64 columns, 32 columns: two fragments of
// 16 x 16. Which of their elements a lane holds is the hardware's secret, so values() goes through
// shared memory, a square at a time.
#pragma once

#include <cuda_bf16.h>
#include <mma.h>

#include "kernels/cuda/tile_product.h"

namespace carousel::cuda {

template <>
inline constexpr int depth_step<bf16> = 16;

template <int H>
struct TileSlices<bf16, H> : TileFactorSlices<bf16, H> {
  SharedPointer<float> square;

  explicit __device__ TileSlices(SharedMemory& shared)
      : TileFactorSlices<bf16, H>(shared), square(shared.take<float>(tile_elements<float>)) {}
  static constexpr std::size_t bytes() {
    return TileFactorSlices<bf16, H>::bytes() + shared_bytes<float>(tile_elements<float>);
  }
};

template <int H>
class TileProduct<bf16, H> : public TileSum<TileProduct<bf16, H>, bf16, H> {
 public:
  __device__ void clear() {
    CAROUSEL_UNROLL
    for (int h = 0; h < H; ++h) {
      CAROUSEL_UNROLL
      for (int f = 0; f < 2; ++f) nvcuda::wmma::fill_fragment(sum_[h][f], 0.0f);
    }
  }

  template <class Slices>
  __device__ TileValues<float, H> values(Slices& slices) const {
    TileValues<float, H> result;
    CAROUSEL_UNROLL
    for (int h = 0; h < H; ++h) {
      __syncthreads();  // the square may still be read
      CAROUSEL_UNROLL
      for (int f = 0; f < 2; ++f)
        nvcuda::wmma::store_matrix_sync(slices.square + (row() * stride + column() + 16 * f),
                                        sum_[h][f], stride, nvcuda::wmma::mem_row_major);
      __syncthreads();
      CAROUSEL_UNROLL
      for (int i = 0; i < 4; ++i) {
        CAROUSEL_UNROLL
        for (int j = 0; j < 4; ++j)
          result.at[i][h][j] = slices.square[result.row(i) * stride + result.column(0, j)];
      }
    }
    return result;
  }

  __device__ void multiply(SharedPointer<bf16> a, SharedPointer<bf16> b, int depth, int, int) {
    namespace wmma = nvcuda::wmma;
    constexpr int a_stride = tile_stride<bf16>;
    constexpr int b_stride = tile_stride<bf16, tile_size * H>;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __nv_bfloat16, wmma::col_major> x;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __nv_bfloat16, wmma::row_major> y;
    for (int k = 0; k < depth; k += 16) {
      wmma::load_matrix_sync(x, as_vectors<__nv_bfloat16>(a + (k * a_stride + row())), a_stride);
      CAROUSEL_UNROLL
      for (int h = 0; h < H; ++h) {
        CAROUSEL_UNROLL
        for (int f = 0; f < 2; ++f) {
          const int at = k * b_stride + h * tile_size + column() + 16 * f;
          wmma::load_matrix_sync(y, as_vectors<__nv_bfloat16>(b + at), b_stride);
          wmma::mma_sync(sum_[h][f], x, y, sum_[h][f]);
        }
      }
    }
  }

 private:
  static constexpr int stride = tile_stride<float>;
  static __device__ int warp() { return static_cast<int>(threadIdx.x) / 32; }
  static __device__ int row() { return warp() % 4 * 16; }
  static __device__ int column() { return warp() / 4 * 32; }

  nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, 16, float> sum_[H][2];
};

}  // namespace carousel::cuda
