#include "ops/linear.h"

#include <algorithm>
#include <numeric>

#include "autograd/record.h"
#include "ops/device.h"
#include "ops/layout.h"
#include "ops/products.h"

namespace carousel {

namespace {

template <class Real>
void check_linear(const char* op, const Shape& x, std::int64_t in, const Var<Real>& weight,
                  const Var<Real>& bias) {
  CAROUSEL_CHECK(weight.rank() == 2, "{}: weight has shape {}, want [out, in]", op, weight.shape());
  CAROUSEL_CHECK(x.rank() >= 1 && in == weight.dim(1), "{}: x has shape {}, want […, {}]", op, x,
                 weight.dim(1));
  CAROUSEL_CHECK(!bias.defined() || bias.shape() == Shape{weight.dim(0)},
                 "{}: bias has shape {}, want [{}]", op, bias.shape(), weight.dim(0));
}

// The columns [begin, begin + size) of a matrix (rows, columns): a copy out of it, and += into it.
struct Columns {
  std::int64_t rows, columns, begin, size;

  template <class Real>
  Tensor<Real> copy(const Kernels<Real>& k, const Tensor<Real>& matrix) const {
    auto part = Tensor<Real>::zeros({rows, size}, matrix.device());
    k.strided_add({.x = matrix.data() + begin,
                   .y = part.mutable_data(),
                   .shape = {rows, size},
                   .x_stride = {columns, 1},
                   .y_stride = {size, 1}});
    return part;
  }

  template <class Real>
  void add(const Kernels<Real>& k, const Tensor<Real>& part, Real* matrix) const {
    k.strided_add({.x = part.data(),
                   .y = matrix + begin,
                   .shape = {rows, size},
                   .x_stride = {size, 1},
                   .y_stride = {columns, 1}});
  }
};

template <class Result, class Real>
Var<Result> affine(const char* op, const Var<Real>& x, const Var<Wide<Real>>& weight,
                   const Var<Wide<Real>>& bias) {
  check_linear(op, x.shape(), x.rank() == 0 ? 0 : x.dim(-1), weight, bias);
  const auto& k = kernels_for(op, x, weight, bias);
  const auto& k_result = kernels<Result>(x.device());
  const Products<Real> products{k, x.shape().outer(-1), weight.dim(1), weight.dim(0)};

  const auto factors = factor<Real>(weight.value);
  Tensor<Result> y(x.shape().with(-1, weight.dim(0)), x.device());
  products.forward(x.data(), factors.data(), bias.data(), y.mutable_data(), false);

  const auto backward = [&] {
    return [&k_result, products, x = x.value, factors,           // saved
            dx = x.grad, dweight = weight.grad,                  // wanted
            dbias = bias.grad](const Tensor<Result>& dy_wide) {  // wanted
      const auto dy = factor<Real>(dy_wide);
      if (dx) {
        const auto [to, first] = dx->arrive();
        products.backward_input(dy.data(), factors.data(), to, !first);
      }
      if (dweight) {
        const auto [to, first] = dweight->arrive();
        products.backward_weight(dy.data(), x.data(), to, !first);
      }
      if (dbias) add_rows(k_result, dy_wide.data(), products.rows, products.out, into(dbias));
    };
  };
  return record(op, y, {x, weight, bias}, backward);
}

}  // namespace

template <class Real>
Var<Real> linear(const Var<Real>& x, const Var<Wide<Real>>& weight, const Var<Wide<Real>>& bias) {
  return affine<Real>("linear", x, weight, bias);
}

template <class Real>
Var<Wide<Real>> linear_wide(const Var<Real>& x, const Var<Wide<Real>>& weight,
                            const Var<Wide<Real>>& bias) {
  return affine<Wide<Real>>("linear", x, weight, bias);
}

template <class Real>
std::vector<Var<Real>> linear_split(const Var<Real>& x, const Var<Wide<Real>>& weight,
                                    const Var<Wide<Real>>& bias,
                                    const std::vector<std::int64_t>& sizes) {
  check_linear("linear_split", x.shape(), x.rank() == 0 ? 0 : x.dim(-1), weight, bias);
  const auto in = weight.dim(1), out = weight.dim(0), rows = x.shape().outer(-1);
  CAROUSEL_CHECK(std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) == out &&
                     std::all_of(sizes.begin(), sizes.end(), [](auto size) { return size >= 0; }),
                 "linear_split: sizes got [{}], want a sum of {}", fmt::join(sizes, ", "), out);
  const auto& k = kernels_for("linear_split", x, weight, bias);

  const auto factors = factor<Real>(weight.value);
  std::vector<Tensor<Real>> parts;
  for (const auto size : sizes) parts.emplace_back(x.shape().with(-1, size), x.device());
  if (rows == 1) {  // of decoding: one product is quicker than several
    Tensor<Real> whole({out}, x.device());
    Products<Real>{k, rows, in, out}.forward(x.data(), factors.data(), bias.data(),
                                             whole.mutable_data(), false);
    const Real* next = whole.data();
    for (auto& part : parts) {
      copy_memory(part.mutable_data(), x.device(), next, x.device(),
                  static_cast<std::size_t>(part.numel()) * sizeof(Real));
      next += part.numel();
    }
  } else {
    std::int64_t begin = 0;
    for (auto& part : parts) {
      Products<Real>{k, rows, in, part.dim(-1)}.forward(
          x.data(), factors.data() + begin * in, bias.defined() ? bias.data() + begin : nullptr,
          part.mutable_data(), false);
      begin += part.dim(-1);
    }
  }

  const auto backward = [&] {
    return [&k, rows, in, sizes, x = x.value, factors,  // saved
            dx = x.grad, dweight = weight.grad,         // wanted
            dbias = bias.grad](const std::vector<Tensor<Real>>& dy) {
      Wide<Real>*const to_weight = into(dweight), *const to_bias = into(dbias);
      std::int64_t first_row = 0;
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        const Products<Real> products{k, rows, in, sizes[i]};
        const Real* const d = dy[i].data();
        const auto at = first_row * in;
        if (dx) {
          const auto [to, first] = dx->arrive();
          products.backward_input(d, factors.data() + at, to, !first);
        }
        if (dweight) products.backward_weight(d, x.data(), to_weight + at, true);
        if (dbias) add_rows(k, d, rows, sizes[i], to_bias + first_row);
        first_row += sizes[i];
      }
    };
  };
  return record("linear_split", std::move(parts), {x, weight, bias}, backward);
}

template <class Real>
Var<Wide<Real>> linear_concat(const std::vector<Var<Real>>& parts, const Var<Wide<Real>>& weight,
                              const Var<Wide<Real>>& bias) {
  CAROUSEL_CHECK(!parts.empty(), "linear_concat: got no parts, want at least one");
  std::int64_t in = 0;
  for (const auto& part : parts) {
    CAROUSEL_CHECK(part.rank() >= 1 && part.rank() == parts[0].rank() &&
                       part.shape() == parts[0].shape().with(-1, part.dim(-1)),
                   "linear_concat: a part has shape {}, want {} but for the last axis",
                   part.shape(), parts[0].shape());
    in += part.dim(-1);
  }
  check_linear("linear_concat", parts[0].shape().with(-1, in), in, weight, bias);
  const auto out = weight.dim(0), rows = parts[0].shape().outer(-1);
  // In decoding it is cheaper to join a few rows than to take the weight apart.
  if (Tape::current() == nullptr && rows <= out)
    return linear_wide(concat(parts, -1), weight, bias);
  const auto& k = kernels_for("linear_concat", parts[0], parts, weight, bias);
  const auto& k_wide = kernels<Wide<Real>>(weight.device());

  const auto factors = factor<Real>(weight.value);
  Tensor<Wide<Real>> y(parts[0].shape().with(-1, out), weight.device());
  std::vector<Columns> columns;  // of weight, that a part meets
  std::vector<Tensor<Real>> weights, values;
  std::vector<Slot<Real>> slots;
  std::int64_t begin = 0;
  for (const auto& part : parts) {
    columns.push_back({out, in, begin, part.dim(-1)});
    weights.push_back(columns.back().copy(k, factors));
    values.push_back(part.value);
    slots.push_back(part.grad);
    const Products<Real> products{k, rows, part.dim(-1), out};
    products.forward(part.data(), weights.back().data(), begin == 0 ? bias.data() : nullptr,
                     y.mutable_data(), begin > 0);
    begin += part.dim(-1);
  }

  const auto backward = [&] {
    return [&k, &k_wide, rows, out, columns, weights, values,        // saved
            slots, dweight = weight.grad,                            // wanted
            dbias = bias.grad](const Tensor<Wide<Real>>& dy_wide) {  // wanted
      const auto dy = factor<Real>(dy_wide);
      Wide<Real>* const to_weight = into(dweight);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const Products<Real> products{k, rows, columns[i].size, out};
        if (slots[i]) {
          const auto [to, first] = slots[i]->arrive();
          products.backward_input(dy.data(), weights[i].data(), to, !first);
        }
        if (!dweight) continue;
        Tensor<Wide<Real>> part({out, columns[i].size}, dy.device());
        products.backward_weight(dy.data(), values[i].data(), part.mutable_data(), false);
        columns[i].add(k_wide, part, to_weight);
      }
      if (dbias) add_rows(k_wide, dy_wide.data(), rows, out, into(dbias));
    };
  };
  return record("linear_concat", y, {parts, weight, bias}, backward);
}

#define CAROUSEL_INSTANTIATE(Real)                                                              \
  template Var<Real> linear(const Var<Real>&, const Var<Wide<Real>>&, const Var<Wide<Real>>&);  \
  template Var<Wide<Real>> linear_wide(const Var<Real>&, const Var<Wide<Real>>&,                \
                                       const Var<Wide<Real>>&);                                 \
  template std::vector<Var<Real>> linear_split(const Var<Real>&, const Var<Wide<Real>>&,        \
                                               const Var<Wide<Real>>&,                          \
                                               const std::vector<std::int64_t>&);               \
  template Var<Wide<Real>> linear_concat(const std::vector<Var<Real>>&, const Var<Wide<Real>>&, \
                                         const Var<Wide<Real>>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
CAROUSEL_INSTANTIATE(bf16)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
