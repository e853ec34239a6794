#include "ops/layout.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

namespace {

using Strides = std::array<std::int64_t, Shape::max_rank>;

Strides row_major(const Shape& shape) {
  Strides strides{};
  for (int axis = 0; axis < shape.rank(); ++axis) {
    strides[static_cast<std::size_t>(axis)] = shape.inner(axis);
  }
  return strides;
}

// One axis of an array as the middle of (outer, n, inner), and a window of it that starts at
// `begin`: the piece that a part of a concat or split occupies.
struct Window {
  std::int64_t outer, n, inner;  // of the whole array
  std::int64_t begin, size;      // along n

  // Adds a contiguous (outer, size, inner) array into the window of the whole one.
  template <class Real>
  void put(const Kernels<Real>& k, const Real* part, Real* whole) const {
    k.strided_add({.x = part,
                   .y = whole == nullptr ? nullptr : whole + begin * inner,
                   .shape = {outer, size * inner},
                   .x_stride = {size * inner, 1},
                   .y_stride = {n * inner, 1}});
  }

  // Adds the window of the whole array into a contiguous (outer, size, inner) one.
  template <class Real>
  void get(const Kernels<Real>& k, const Real* whole, Real* part) const {
    k.strided_add({.x = whole + begin * inner,
                   .y = part,
                   .shape = {outer, size * inner},
                   .x_stride = {n * inner, 1},
                   .y_stride = {size * inner, 1}});
  }
};

Window window(const Shape& whole, int axis, std::int64_t begin, std::int64_t size) {
  return {whole.outer(axis), whole[axis], whole.inner(axis), begin, size};
}

template <class Real>
void check_axis(const char* op, const Var<Real>& x, int axis) {
  CAROUSEL_CHECK(x.defined() && axis >= -x.rank() && axis < x.rank(),
                 "{}: axis got {}, want one of {}", op, axis, x.shape());
}

// The axis of a concat: checks that all other sizes agree and returns the sum along this one.
template <class Real>
std::int64_t joined_size(const std::vector<Var<Real>>& parts, int axis) {
  std::int64_t total = 0;
  for (const auto& part : parts) {
    CAROUSEL_CHECK(part.rank() == parts[0].rank() &&
                       part.shape() == parts[0].shape().with(axis, part.dim(axis)),
                   "concat: a part has shape {}, want {} but for axis {}", part.shape(),
                   parts[0].shape(), axis);
    total += part.dim(axis);
  }
  return total;
}

}  // namespace

template <class Real>
Var<Real> concat(const std::vector<Var<Real>>& parts, int axis) {
  CAROUSEL_CHECK(!parts.empty(), "concat: got no parts, want at least one");
  check_axis("concat", parts[0], axis);
  const Shape shape = parts[0].shape().with(axis, joined_size(parts, axis));
  std::vector<Window> windows;
  std::vector<Slot<Real>> slots;
  std::int64_t begin = 0;
  for (const auto& part : parts) {
    windows.push_back(window(shape, axis, begin, part.dim(axis)));
    slots.push_back(part.grad);
    begin += part.dim(axis);
  }

  const auto& k = kernels_for("concat", parts[0], parts);
  Tensor<Real> y(shape, parts[0].device());
  if (shape.outer(axis) == 1) {  // end to end
    for (std::size_t p = 0; p < parts.size(); ++p) {
      copy_memory(y.mutable_data() + windows[p].begin * windows[p].inner, y.device(),
                  parts[p].data(), y.device(),
                  static_cast<std::size_t>(parts[p].numel()) * sizeof(Real));
    }
  } else {
    y.fill(Real{0});
    for (std::size_t p = 0; p < parts.size(); ++p) {
      windows[p].put(k, parts[p].data(), y.mutable_data());
    }
  }

  const auto backward = [&] {
    return [&k, windows,                      // saved
            slots](const Tensor<Real>& dy) {  // wanted
      for (std::size_t p = 0; p < slots.size(); ++p) windows[p].get(k, dy.data(), into(slots[p]));
    };
  };
  return record("concat", y, {parts}, backward);
}

template <class Real>
std::vector<Var<Real>> split(const Var<Real>& x, const std::vector<std::int64_t>& sizes, int axis) {
  check_axis("split", x, axis);
  CAROUSEL_CHECK(std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) == x.dim(axis) &&
                     std::all_of(sizes.begin(), sizes.end(), [](auto size) { return size >= 0; }),
                 "split: sizes got [{}], want a sum of {} for axis {} of {}",
                 fmt::join(sizes, ", "), x.dim(axis), axis, x.shape());

  const auto& k = kernels_for("split", x);
  std::vector<Window> windows;
  std::vector<Tensor<Real>> parts;
  std::int64_t begin = 0;
  for (const auto size : sizes) {
    windows.push_back(window(x.shape(), axis, begin, size));
    parts.push_back(Tensor<Real>::zeros(x.shape().with(axis, size), x.device()));
    windows.back().get(k, x.data(), parts.back().mutable_data());
    begin += size;
  }

  const auto backward = [&] {
    return [&k, windows,                                         // saved
            dx = x.grad](const std::vector<Tensor<Real>>& dy) {  // wanted
      for (std::size_t p = 0; p < dy.size(); ++p) windows[p].put(k, dy[p].data(), into(dx));
    };
  };
  return record("split", std::move(parts), {x}, backward);
}

template <class Real>
Var<Real> slice(const Var<Real>& x, int axis, std::int64_t begin, std::int64_t size) {
  check_axis("slice", x, axis);
  CAROUSEL_CHECK(begin >= 0 && size >= 0 && begin <= x.dim(axis) && size <= x.dim(axis) - begin,
                 "slice: got {} positions from {}, want them inside axis {} of {}", size, begin,
                 axis, x.shape());
  const Window part = window(x.shape(), axis, begin, size);

  const auto& k = kernels_for("slice", x);
  auto y = Tensor<Real>::zeros(x.shape().with(axis, size), x.device());
  part.get(k, x.data(), y.mutable_data());

  const auto backward = [&] {
    return [&k, part,                               // saved
            dx = x.grad](const Tensor<Real>& dy) {  // wanted
      part.put(k, dy.data(), into(dx));
    };
  };
  return record("slice", y, {x}, backward);
}

template <class Real>
Var<Real> permute(const Var<Real>& x, const std::vector<int>& order) {
  std::vector<int> sorted = order, axes(static_cast<std::size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  std::sort(sorted.begin(), sorted.end());
  CAROUSEL_CHECK(x.rank() >= 1 && sorted == axes,
                 "permute: order got [{}], want every axis of {} once", fmt::join(order, ", "),
                 x.shape());
  std::vector<std::int64_t> sizes;
  Strides x_stride{};
  for (std::size_t a = 0; a < order.size(); ++a) {
    sizes.push_back(x.dim(order[a]));
    x_stride[a] = x.shape().inner(order[a]);
  }
  const Shape shape{std::span<const std::int64_t>(sizes)};
  const Strides y_stride = row_major(shape);

  const auto& k = kernels_for("permute", x);
  auto y = Tensor<Real>::zeros(shape, x.device());
  k.strided_add({.x = x.data(),
                 .y = y.mutable_data(),
                 .shape = shape,
                 .x_stride = x_stride,
                 .y_stride = y_stride});

  const auto backward = [&] {
    return [&k, shape, x_stride, y_stride,          // saved
            dx = x.grad](const Tensor<Real>& dy) {  // wanted
      k.strided_add({.x = dy.data(),
                     .y = into(dx),
                     .shape = shape,
                     .x_stride = y_stride,
                     .y_stride = x_stride});
    };
  };
  return record("permute", y, {x}, backward);
}

template <class Real>
Var<Real> reshape(const Var<Real>& x, const Shape& shape) {
  CAROUSEL_CHECK(x.defined() && shape.numel() == x.numel(), "reshape: cannot see {} as {}",
                 x.shape(), shape);
  const auto& k = kernels_for("reshape", x);
  const auto backward = [&] {
    return [&k, N = x.numel(),                      // saved
            dx = x.grad](const Tensor<Real>& dy) {  // wanted
      k.strided_add(
          {.x = dy.data(), .y = into(dx), .shape = {N}, .x_stride = {1}, .y_stride = {1}});
    };
  };
  return record("reshape", x.value.reshape(shape), {x}, backward);
}

#define CAROUSEL_INSTANTIATE(Real)                                                                \
  template Var<Real> concat(const std::vector<Var<Real>>&, int);                                  \
  template std::vector<Var<Real>> split(const Var<Real>&, const std::vector<std::int64_t>&, int); \
  template Var<Real> slice(const Var<Real>&, int, std::int64_t, std::int64_t);                    \
  template Var<Real> permute(const Var<Real>&, const std::vector<int>&);                          \
  template Var<Real> reshape(const Var<Real>&, const Shape&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
