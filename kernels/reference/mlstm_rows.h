// Products with a few rows of contiguous memory: what the loops of the mLSTM consist of. The ones
// over several rows take four at a time, so that each value loaded is used four times.
#pragma once

#include <cstdint>

namespace carousel::reference {

// x·y
template <class Real>
Real mlstm_dot(const Real* x, const Real* y, std::int64_t n) {
  Real sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t e = 0; e < n; ++e) sum += x[e] * y[e];
  return sum;
}

// y += weight · x
template <class Real>
void mlstm_add(Real* y, Real weight, const Real* x, std::int64_t n) {
#pragma omp simd
  for (std::int64_t e = 0; e < n; ++e) y[e] += weight * x[e];
}

// result_r = x·rows_r; x (n), rows (count, n)
template <class Real>
void mlstm_dot_rows(Real* result, const Real* x, const Real* rows, std::int64_t count,
                    std::int64_t n) {
  std::int64_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const Real* const a = rows + r * n;
    const Real *const b = a + n, *const c = b + n, *const d = c + n;
    Real sum_a = 0, sum_b = 0, sum_c = 0, sum_d = 0;
#pragma omp simd reduction(+ : sum_a, sum_b, sum_c, sum_d)
    for (std::int64_t e = 0; e < n; ++e) {
      sum_a += x[e] * a[e];
      sum_b += x[e] * b[e];
      sum_c += x[e] * c[e];
      sum_d += x[e] * d[e];
    }
    result[r] = sum_a;
    result[r + 1] = sum_b;
    result[r + 2] = sum_c;
    result[r + 3] = sum_d;
  }
  for (; r < count; ++r) result[r] = mlstm_dot(x, rows + r * n, n);
}

// y += Σ_r weights_r · rows_r; rows (count, n), y elsewhere in memory
template <class Real>
void mlstm_add_rows(Real* y, const Real* weights, const Real* rows, std::int64_t count,
                    std::int64_t n) {
  std::int64_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const Real* const a = rows + r * n;
    const Real *const b = a + n, *const c = b + n, *const d = c + n;
    const Real w_a = weights[r], w_b = weights[r + 1], w_c = weights[r + 2], w_d = weights[r + 3];
#pragma omp simd
    for (std::int64_t e = 0; e < n; ++e) {
      y[e] += (w_a * a[e] + w_b * b[e]) + (w_c * c[e] + w_d * d[e]);
    }
  }
  for (; r < count; ++r) mlstm_add(y, weights[r], rows + r * n, n);
}

}  // namespace carousel::reference
