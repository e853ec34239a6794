// Kernels that use what the executor offers, and the launches of them.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace carousel::samples {

// sums[b] = Σ of the b-th `threads` elements of x, by shuffles and one word per warp.
template <class Real>
void sum_blocks(const Real* x, Real* sums, std::int64_t n, unsigned threads);

// y[i] = x[0] + … + x[i] within one block of n threads.
void scan(const int* x, int* y, unsigned n);

// C = A B, (M, K) times (K, N), in tiles of 16 x 16.
template <class Real>
void multiply(const Real* A, const Real* B, Real* C, std::int64_t M, std::int64_t N,
              std::int64_t K);

// C = A B in bfloat16 fragments, sums in float; M, N, K multiples of 16.
void multiply_fragments(const __nv_bfloat16* A, const __nv_bfloat16* B, float* C, std::int64_t M,
                        std::int64_t N, std::int64_t K);

// Adds 1 to every element `rounds` times, and in each round each block first reads what another
// wrote: x[i] = x[(i + 1) % n] + 1. All blocks wait for each other.
void rotate(int* x, int* y, unsigned n, unsigned blocks, int rounds);

// sums[b] = Σ over all blocks of the cluster of block b, each of which gives its rank + 1.
void sum_clusters(int* sums, unsigned blocks, unsigned cluster);

// counts[v] = how often v occurs in x; 16 values.
void histogram(const int* x, int* counts, std::int64_t n);

// What the votes of the even lanes of one warp give: ballot, any, all, or, and, count of a block.
void votes(unsigned* results, unsigned threads);

// y = 4 x through vectors in shared memory; n a multiple of 4.
void quadruple(const float* x, float* y, unsigned n);

// n threads that wait for nobody, and n threads that meet `rounds` times.
void increment(int* x, std::int64_t n);
void meet_often(int* x, unsigned blocks, unsigned threads, int rounds);

}  // namespace carousel::samples
