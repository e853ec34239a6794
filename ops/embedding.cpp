#include "ops/embedding.h"

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

namespace {

Shape with_channels(const Shape& shape, std::int64_t channels) {
  std::vector<std::int64_t> sizes(shape.begin(), shape.end());
  sizes.push_back(channels);
  return Shape(std::span<const std::int64_t>(sizes));
}

void check_ids(const Tensor<std::int32_t>& ids, std::int64_t V) {
  const auto values = ids.values();
  for (std::size_t n = 0; n < values.size(); ++n) {
    CAROUSEL_CHECK(values[n] >= 0 && values[n] < V,
                   "embedding: id {} at position {} of shape {}, want 0 to {}", values[n], n,
                   ids.shape(), V - 1);
  }
}

}  // namespace

template <class Real>
Var<Real> embedding(const Tensor<std::int32_t>& ids, const Var<Wide<Real>>& weight) {
  CAROUSEL_CHECK(weight.rank() == 2, "embedding: weight has shape {}, want [V, d]", weight.shape());
  CAROUSEL_CHECK(ids.defined(), "embedding: ids are undefined, want a tensor of ids");
  const auto V = weight.dim(0), N = ids.numel(), C = weight.dim(1);
  if (ids.device() == Device::cpu) check_ids(ids, V);

  const auto& k = kernels<Real>(weight.device());
  const auto there = ids.to(weight.device());
  Tensor<Real> y(with_channels(ids.shape(), C), weight.device());
  k.embedding_forward({
      .ids = there.data(),
      .weight = weight.data(),
      .y = y.mutable_data(),
      .N = N,
      .C = C,
  });

  const auto backward = [&] {
    return [&k, ids = there, N, C, V,                         // saved
            dweight = weight.grad](const Tensor<Real>& dy) {  // wanted
      k.embedding_backward({
          .ids = ids.data(),
          .dy = dy.data(),
          .dweight = into(dweight),
          .N = N,
          .C = C,
          .V = V,
      });
    };
  };
  return record("embedding", y, {weight}, backward);
}

template Var<float> embedding(const Tensor<std::int32_t>&, const Var<float>&);
template Var<double> embedding(const Tensor<std::int32_t>&, const Var<double>&);
template Var<bf16> embedding(const Tensor<std::int32_t>&, const Var<float>&);

}  // namespace carousel
