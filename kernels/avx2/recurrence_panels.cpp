#include "kernels/avx2/recurrence_panels.h"

#include "kernels/avx2/product.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

// c (rows, …) = a · (K, panels × width): with eight or more sums under way, no fma waits for
// another.
template <int rows, int panels, class Real>
inline void multiply_panels(const Real* const* a, std::int64_t K, const Real* b, Real* c,
                            std::int64_t c_row, std::int64_t columns) {
  using P = Pack<Real>;
  constexpr std::int64_t width = Panels<Real>::width;
  P sum[rows][2 * panels];
  for (std::int64_t k = 0; k < K; ++k, b += width) {
    for (int j = 0; j < panels; ++j) {
      const P left = P::load(b + j * K * width), right = P::load(b + j * K * width + P::lanes);
      for (int i = 0; i < rows; ++i) {
        const P row = a[i][k];
        sum[i][2 * j] = fma(row, left, sum[i][2 * j]);
        sum[i][2 * j + 1] = fma(row, right, sum[i][2 * j + 1]);
      }
    }
  }
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < 2 * panels; ++j) {
      const std::int64_t left = columns - j * P::lanes;
      Real* const to = c + i * c_row + j * P::lanes;
      if (left >= P::lanes) {
        sum[i][j].store(to);
      } else if (left > 0) {
        sum[i][j].store(to, First{left});
      }
    }
  }
}

// As many panels at a time as leave rows × panels sums in registers.
template <int rows, class Real>
void multiply_rows(const Real* const* a, std::int64_t K, std::int64_t N, const Real* b, Real* c,
                   std::int64_t c_row, Ahead<Real>& ahead) {
  constexpr std::int64_t width = Panels<Real>::width;
  constexpr int together = rows == 1 ? 4 : rows <= 3 ? 2 : 1;
  std::int64_t j = 0;
  for (; N - j > (together - 1) * width; j += together * width) {
    multiply_panels<rows, together>(a, K, b + j * K, c + j, c_row, N - j);
    ahead.advance();
  }
  for (; j < N; j += width) {
    multiply_panels<rows, 1>(a, K, b + j * K, c + j, c_row, N - j);
    ahead.advance();
  }
}

}  // namespace

template <class Real>
void Panels<Real>::fill(const Real* matrix, std::int64_t rows, std::int64_t columns) {
  K = rows, N = columns;
  const std::int64_t panels = (N + width - 1) / width;
  values.assign(static_cast<std::size_t>(panels * K * width), Real{0});
  for (std::int64_t j = 0; j < N; j += width) {
    for (std::int64_t k = 0; k < K; ++k) {
      std::copy_n(matrix + k * columns + j, std::min(width, N - j),
                  values.data() + j * K + k * width);
    }
  }
}

template <class Real>
void Panels<Real>::fill_transposed(const Real* matrix, std::int64_t rows, std::int64_t columns) {
  K = columns, N = rows;
  const std::int64_t panels = (N + width - 1) / width;
  values.assign(static_cast<std::size_t>(panels * K * width), Real{0});
  for (std::int64_t j = 0; j < N; j += width) {
    transpose(matrix + j * columns, columns, std::min(width, N - j), columns, values.data() + j * K,
              width);
  }
}

template <class Real>
void Panels<Real>::multiply(const Real* const* a, std::int64_t M, Real* c, std::int64_t c_row,
                            Ahead<Real>& ahead) const {
  const Real* const b = values.data();
  switch (M) {
    case 1:
      return multiply_rows<1>(a, K, N, b, c, c_row, ahead);
    case 2:
      return multiply_rows<2>(a, K, N, b, c, c_row, ahead);
    case 3:
      return multiply_rows<3>(a, K, N, b, c, c_row, ahead);
    case 4:
      return multiply_rows<4>(a, K, N, b, c, c_row, ahead);
    case 5:
      return multiply_rows<5>(a, K, N, b, c, c_row, ahead);
    case 6:
      return multiply_rows<6>(a, K, N, b, c, c_row, ahead);
    default:
      multiply_rows<4>(a, K, N, b, c, c_row, ahead);
      return multiply(a + 4, M - 4, c + 4 * c_row, c_row, ahead);
  }
}

template class Panels<float>;
template class Panels<double>;

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
