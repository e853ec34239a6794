#include "kernels/layout.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/row_sums.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

// Where row number `row` of all axes but the last begins.
std::int64_t row_offset(const Shape& shape, std::int64_t row,
                        const std::array<std::int64_t, Shape::max_rank>& stride) {
  std::int64_t offset = 0;
  for (int axis = shape.rank() - 2; axis >= 0; --axis) {
    offset += row % shape[axis] * stride[static_cast<std::size_t>(axis)];
    row /= shape[axis];
  }
  return offset;
}

}  // namespace

template <class Real>
void strided_add(const StridedAdd<Real>& a) {
  if (a.y == nullptr || a.shape.numel() == 0) return;
  const auto last = static_cast<std::size_t>(a.shape.rank() - 1);
  const std::int64_t n = a.shape[-1], x_step = a.x_stride[last], y_step = a.y_stride[last];
  parallel_for(a.shape.numel() / n, grain_for(n), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const Real* const x = a.x + row_offset(a.shape, row, a.x_stride);
      Real* const y = a.y + row_offset(a.shape, row, a.y_stride);
      if (x_step == 1 && y_step == 1) {
        add_to(y, x, n);
      } else {
        for (std::int64_t i = 0; i < n; ++i) y[i * y_step] += x[i * x_step];
      }
    }
  });
}

template void strided_add(const StridedAdd<float>&);
template void strided_add(const StridedAdd<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
