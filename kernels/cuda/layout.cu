// Axes that lie in one another on both sides become one, and are put in the order in which y has
// them: neighbouring threads write neighbours. Where they would not read neighbours, because those
// of x lie along another axis, tiles of both axes are turned in shared memory.

#include <algorithm>
#include <vector>

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/shared_memory.h"
#include "kernels/layout.h"

namespace carousel::cuda {

namespace {

struct Axis {
  std::int64_t size = 1, x = 0, y = 0;  // strides
};

// The axes around those that a kernel walks along itself.
struct Outer {
  Axis axes[Shape::max_rank];
  int rank = 0;
  std::int64_t count = 1;  // of places

  void add(const Axis& axis) {
    axes[rank++] = axis;
    count *= axis.size;
  }

  // Adds what place i is away from the first.
  __device__ void move(std::int64_t i, std::int64_t& x, std::int64_t& y) const {
    for (int axis = rank - 1; axis >= 0; --axis) {
      const std::int64_t at = i % axes[axis].size;
      i /= axes[axis].size;
      x += at * axes[axis].x;
      y += at * axes[axis].y;
    }
  }
};

// Threads in x go along the rows; in y from row to row.
template <int width, class Real>
__global__ void rows_kernel(const Real* x, Real* y, Outer outer, Axis row) {
  const std::int64_t rows = std::int64_t{gridDim.x} * blockDim.y;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y; i < outer.count;
       i += rows) {
    std::int64_t x_at = 0, y_at = 0;
    outer.move(i, x_at, y_at);
    for (std::int64_t k = threadIdx.x * width; k < row.size; k += blockDim.x * width)
      add_to(y + y_at + k * row.y, load<width>(x + x_at + k * row.x));
  }
}

constexpr int tile = 32, tile_rows = 8;

// Neighbours of x lie along axis a, those of y along axis b. A block reads a tile along a and
// writes it along b; its rows have one element more, so that a column lies in different banks.
template <class Real>
__global__ void tiles_kernel(const Real* x, Real* y, Outer outer, Axis a, Axis b) {
  SharedMemory shared;
  const auto turned = shared.take<Real>(tile * (tile + 1));
  const std::int64_t tiles_a = (a.size + tile - 1) / tile, tiles_b = (b.size + tile - 1) / tile;
  const std::int64_t tiles = tiles_a * tiles_b * outer.count;
  for (std::int64_t i = blockIdx.x; i < tiles; i += gridDim.x) {
    const std::int64_t first_a = i % tiles_a * tile, first_b = i / tiles_a % tiles_b * tile;
    std::int64_t x_at = 0, y_at = 0;
    outer.move(i / (tiles_a * tiles_b), x_at, y_at);
    __syncthreads();  // the last tile may still be read
    for (unsigned r = threadIdx.y; r < tile; r += tile_rows) {
      const std::int64_t at_a = first_a + threadIdx.x, at_b = first_b + r;
      if (at_a < a.size && at_b < b.size)
        turned[r * (tile + 1) + threadIdx.x] = x[x_at + at_a * a.x + at_b * b.x];
    }
    __syncthreads();
    for (unsigned r = threadIdx.y; r < tile; r += tile_rows) {
      const std::int64_t at_a = first_a + r, at_b = first_b + threadIdx.x;
      if (at_a >= a.size || at_b >= b.size) continue;
      const Real value = turned[threadIdx.x * (tile + 1) + r];
      add_to(y + y_at + at_a * a.y + at_b * b.y, Elements<Wide<Real>, 1>{{value}});
    }
  }
}

// The axes of more than one place, the last with the nearest neighbours in y, merged where one
// continues the other.
template <class Real>
std::vector<Axis> axes_of(const StridedAdd<Real>& s) {
  std::vector<Axis> axes;
  for (int axis = 0; axis < s.shape.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    if (s.shape[axis] > 1) axes.push_back({s.shape[axis], s.x_stride[at], s.y_stride[at]});
  }
  std::stable_sort(axes.begin(), axes.end(),
                   [](const Axis& l, const Axis& r) { return l.y > r.y; });
  std::vector<Axis> merged;
  for (const Axis& axis : axes) {
    if (!merged.empty() && merged.back().x == axis.size * axis.x &&
        merged.back().y == axis.size * axis.y) {
      merged.back() = {merged.back().size * axis.size, axis.x, axis.y};
    } else {
      merged.push_back(axis);
    }
  }
  if (merged.empty()) merged.push_back({1, 1, 1});
  return merged;
}

constexpr std::int64_t most_blocks = 8192;  // more than run at once; each strides from there

template <class Real>
void add_rows(const Real* x, Real* y, const std::vector<Axis>& axes) {
  const Axis row = axes.back();
  Outer outer;
  bool wide = row.x == 1 && row.y == 1 && packs_fit<Real>({x, y}, {row.size});
  for (std::size_t i = 0; i + 1 < axes.size(); ++i) {
    outer.add(axes[i]);
    wide = wide && packs_fit<Real>({}, {axes[i].x, axes[i].y});
  }
  const std::int64_t packs = wide ? row.size / pack<Real> : row.size;
  std::int64_t threads = 1;
  while (threads < packs && threads < 256) threads *= 2;
  const std::int64_t rows = 256 / threads;
  const auto grid = std::min((outer.count + rows - 1) / rows, most_blocks);
  launch(wide ? rows_kernel<pack<Real>, Real> : rows_kernel<1, Real>, static_cast<unsigned>(grid),
         dim3(static_cast<unsigned>(threads), static_cast<unsigned>(rows)), 0, x, y, outer, row);
}

template <class Real>
void add_tiles(const Real* x, Real* y, const std::vector<Axis>& axes, std::size_t a) {
  Outer outer;
  for (std::size_t i = 0; i + 1 < axes.size(); ++i) {
    if (i != a) outer.add(axes[i]);
  }
  const Axis b = axes.back();
  const std::int64_t tiles =
      (axes[a].size + tile - 1) / tile * ((b.size + tile - 1) / tile) * outer.count;
  launch(tiles_kernel<Real>, static_cast<unsigned>(std::min(tiles, most_blocks)),
         dim3(tile, tile_rows), shared_bytes<Real>(tile * (tile + 1)), x, y, outer, axes[a], b);
}

}  // namespace

template <class Real>
void strided_add(const StridedAdd<Real>& s) {
  if (s.y == nullptr || s.shape.numel() == 0) return;
  const auto axes = axes_of(s);
  const auto nearest = std::min_element(axes.begin(), axes.end(),
                                        [](const Axis& l, const Axis& r) { return l.x < r.x; });
  if (nearest->x == 1 && nearest + 1 != axes.end() && axes.back().x != 1) {
    add_tiles(s.x, s.y, axes, static_cast<std::size_t>(nearest - axes.begin()));
  } else {
    add_rows(s.x, s.y, axes);
  }
}

template void strided_add(const StridedAdd<float>&);
template void strided_add(const StridedAdd<double>&);
template void strided_add(const StridedAdd<bf16>&);

}  // namespace carousel::cuda
