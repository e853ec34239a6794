// Products of matrices by cuBLAS, in the one stream.
#pragma once

#include <cstdint>

namespace carousel::cuda {

// A matrix of a product, or a batch of them, in memory: rows that begin `row` elements apart, the
// matrices `matrix` elements apart.
template <class T>
struct Matrices {
  T* data;
  std::int64_t row, matrix = 0;
  bool transposed = false;  // the factor of the product is the transpose of what is in memory
};

// c = a b, or c += a b when accumulate: (M, N) = (M, K) (K, N), for every matrix of a batch. Sums
// in the precision of Wide<Real>, no TF32, and the same bits every time; Result is Real or
// Wide<Real>. Throws Error for sizes beyond 2³¹ − 1 and when cuBLAS fails. The first call makes the
// handle and its workspace, which a captured stream does not allow; later ones only launch.
template <class Real, class Result = Real>
struct Product {
  Matrices<const Real> a, b;
  Matrices<Result> c;
  std::int64_t batch, M, N, K;
  bool accumulate;
};
template <class Real, class Result>
void multiply(const Product<Real, Result>& p);

}  // namespace carousel::cuda
