#include "ops/reduce.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

namespace {

// x seen as (outer, n, inner), summed over n and scaled.
template <class Real>
Var<Wide<Real>> reduce(const char* name, const Var<Real>& x, const Shape& result,
                       std::int64_t outer, std::int64_t n, std::int64_t inner, double factor) {
  const auto& k = kernels_for(name, x);
  auto y = Tensor<Wide<Real>>::zeros(result, x.device());
  k.reduce_sum({
      .x = x.data(),
      .y = y.mutable_data(),
      .outer = outer,
      .n = n,
      .inner = inner,
      .factor = factor,
  });

  const auto backward = [&] {
    return [&k, outer, n, inner, factor,                  // saved
            dx = x.grad](const Tensor<Wide<Real>>& dy) {  // wanted
      k.reduce_broadcast({
          .y = dy.data(),
          .x = into(dx),
          .outer = outer,
          .n = n,
          .inner = inner,
          .factor = factor,
      });
    };
  };
  return record(name, y, {x}, backward);
}

template <class Real>
Var<Wide<Real>> reduce_axis(const char* name, const Var<Real>& x, int axis, bool average) {
  CAROUSEL_CHECK(x.defined() && axis >= -x.rank() && axis < x.rank(),
                 "{}: axis got {}, want one of {}", name, axis, x.shape());
  const std::int64_t n = x.dim(axis);
  CAROUSEL_CHECK(!average || n > 0, "{}: axis {} of {} has no elements", name, axis, x.shape());

  std::vector<std::int64_t> sizes(x.shape().begin(), x.shape().end());
  sizes.erase(sizes.begin() + x.shape().index(axis));
  return reduce(name, x, Shape(std::span<const std::int64_t>(sizes)), x.shape().outer(axis), n,
                x.shape().inner(axis), average ? 1 / static_cast<double>(n) : 1);
}

}  // namespace

template <class Real>
Var<Wide<Real>> sum(const Var<Real>& x, int axis) {
  return reduce_axis("sum", x, axis, false);
}

template <class Real>
Var<Wide<Real>> mean(const Var<Real>& x, int axis) {
  return reduce_axis("mean", x, axis, true);
}

template <class Real>
Var<Wide<Real>> sum(const Var<Real>& x) {
  CAROUSEL_CHECK(x.defined(), "sum: x is undefined, want a tensor");
  return reduce("sum", x, Shape{}, 1, x.numel(), 1, 1);
}

template <class Real>
Var<Wide<Real>> mean(const Var<Real>& x) {
  CAROUSEL_CHECK(x.numel() > 0, "mean: x has shape {}, want at least one element", x.shape());
  return reduce("mean", x, Shape{}, 1, x.numel(), 1, 1 / static_cast<double>(x.numel()));
}

#define CAROUSEL_INSTANTIATE(Real)                      \
  template Var<Wide<Real>> sum(const Var<Real>&, int);  \
  template Var<Wide<Real>> mean(const Var<Real>&, int); \
  template Var<Wide<Real>> sum(const Var<Real>&);       \
  template Var<Wide<Real>> mean(const Var<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
