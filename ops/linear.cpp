#include "ops/linear.h"

#include <algorithm>
#include <numeric>

#include "autograd/record.h"
#include "ops/device.h"
#include "ops/layout.h"

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

// The products of one linear map, x (rows, in), weight (out, in), forward and backward.
template <class Real>
struct Products {
  const Kernels<Real>& k;
  std::int64_t rows, in, out;

  // y = or += x weightᵀ + bias
  void forward(const Real* x, const Real* weight, const Real* bias, Real* y,
               bool accumulate) const {
    k.matmul({
        .a = x,
        .b = weight,
        .bias = bias,
        .c = y,
        .batch = 1,
        .M = rows,
        .N = out,
        .K = in,
        .transpose_a = false,
        .transpose_b = true,
        .accumulate = accumulate,
    });
  }

  // dx = or += dy weight
  void backward_input(const Real* dy, const Real* weight, Real* dx, bool accumulate) const {
    k.matmul({
        .a = dy,
        .b = weight,
        .bias = nullptr,
        .c = dx,
        .batch = 1,
        .M = rows,
        .N = in,
        .K = out,
        .transpose_a = false,
        .transpose_b = false,
        .accumulate = accumulate,
    });
  }

  // dweight = or += dyᵀ x
  void backward_weight(const Real* dy, const Real* x, Real* dweight, bool accumulate) const {
    k.matmul({
        .a = dy,
        .b = x,
        .bias = nullptr,
        .c = dweight,
        .batch = 1,
        .M = out,
        .N = in,
        .K = rows,
        .transpose_a = true,
        .transpose_b = false,
        .accumulate = accumulate,
    });
  }

  // dbias += Σ_rows dy
  void backward_bias(const Real* dy, Real* dbias) const {
    k.reduce_sum({
        .x = dy,
        .y = dbias,
        .outer = 1,
        .n = rows,
        .inner = out,
        .factor = 1,
    });
  }
};

// The columns [begin, begin + size) of a matrix (rows, columns): a copy out of it, and += into it.
template <class Real>
struct Columns {
  const Kernels<Real>& k;
  std::int64_t rows, columns, begin, size;

  Tensor<Real> copy(const Tensor<Real>& matrix) const {
    auto part = Tensor<Real>::zeros({rows, size}, matrix.device());
    k.strided_add({.x = matrix.data() + begin,
                   .y = part.mutable_data(),
                   .shape = {rows, size},
                   .x_stride = {columns, 1},
                   .y_stride = {size, 1}});
    return part;
  }

  void add(const Tensor<Real>& part, Real* matrix) const {
    k.strided_add({.x = part.data(),
                   .y = matrix + begin,
                   .shape = {rows, size},
                   .x_stride = {size, 1},
                   .y_stride = {columns, 1}});
  }
};

}  // namespace

template <class Real>
Var<Real> linear(const Var<Real>& x, const Var<Real>& weight, const Var<Real>& bias) {
  check_linear("linear", x.shape(), x.rank() == 0 ? 0 : x.dim(-1), weight, bias);
  const auto& k = kernels_for("linear", x, weight, bias);
  const Products<Real> products{k, x.shape().outer(-1), weight.dim(1), weight.dim(0)};

  Tensor<Real> y(x.shape().with(-1, weight.dim(0)), x.device());
  products.forward(x.data(), weight.data(), bias.data(), y.mutable_data(), false);

  auto backward = [products, x = x.value, weight = weight.value,  // saved
                   dx = x.grad, dweight = weight.grad,            // wanted
                   dbias = bias.grad](const Tensor<Real>& dy) {
    if (dx) {
      const auto [to, first] = dx->arrive();
      products.backward_input(dy.data(), weight.data(), to, !first);
    }
    if (dweight) {
      const auto [to, first] = dweight->arrive();
      products.backward_weight(dy.data(), x.data(), to, !first);
    }
    if (dbias) products.backward_bias(dy.data(), into(dbias));
  };
  return record("linear", y, {x, weight, bias}, backward);
}

template <class Real>
std::vector<Var<Real>> linear_split(const Var<Real>& x, const Var<Real>& weight,
                                    const Var<Real>& bias, const std::vector<std::int64_t>& sizes) {
  check_linear("linear_split", x.shape(), x.rank() == 0 ? 0 : x.dim(-1), weight, bias);
  const auto in = weight.dim(1), out = weight.dim(0), rows = x.shape().outer(-1);
  CAROUSEL_CHECK(std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}) == out &&
                     std::all_of(sizes.begin(), sizes.end(), [](auto size) { return size >= 0; }),
                 "linear_split: sizes got [{}], want a sum of {}", fmt::join(sizes, ", "), out);
  const auto& k = kernels_for("linear_split", x, weight, bias);

  std::vector<Tensor<Real>> parts;
  for (const auto size : sizes) parts.emplace_back(x.shape().with(-1, size), x.device());
  if (rows == 1) {  // of decoding: one product is quicker than several
    Tensor<Real> whole({out}, x.device());
    Products<Real>{k, rows, in, out}.forward(x.data(), weight.data(), bias.data(),
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
          x.data(), weight.data() + begin * in, bias.defined() ? bias.data() + begin : nullptr,
          part.mutable_data(), false);
      begin += part.dim(-1);
    }
  }

  auto backward = [&k, rows, in, sizes, x = x.value, weight = weight.value,  // saved
                   dx = x.grad, dweight = weight.grad,                       // wanted
                   dbias = bias.grad](const std::vector<Tensor<Real>>& dy) {
    Real *const to_weight = into(dweight), *const to_bias = into(dbias);
    std::int64_t first_row = 0;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const Products<Real> products{k, rows, in, sizes[i]};
      const Real* const d = dy[i].data();
      const auto at = first_row * in;
      if (dx) {
        const auto [to, first] = dx->arrive();
        products.backward_input(d, weight.data() + at, to, !first);
      }
      if (dweight) products.backward_weight(d, x.data(), to_weight + at, true);
      if (dbias) products.backward_bias(d, to_bias + first_row);
      first_row += sizes[i];
    }
  };
  return record("linear_split", std::move(parts), {x, weight, bias}, backward);
}

template <class Real>
Var<Real> linear_concat(const std::vector<Var<Real>>& parts, const Var<Real>& weight,
                        const Var<Real>& bias) {
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
  if (Tape::current() == nullptr && rows <= out) return linear(concat(parts, -1), weight, bias);
  const auto& k = kernels_for("linear_concat", weight, parts, bias);

  Tensor<Real> y(parts[0].shape().with(-1, out), weight.device());
  std::vector<Columns<Real>> columns;  // of weight, that a part meets
  std::vector<Tensor<Real>> weights, values;
  std::vector<Slot<Real>> slots;
  std::int64_t begin = 0;
  for (const auto& part : parts) {
    columns.push_back({k, out, in, begin, part.dim(-1)});
    weights.push_back(columns.back().copy(weight.value));
    values.push_back(part.value);
    slots.push_back(part.grad);
    const Products<Real> products{k, rows, part.dim(-1), out};
    products.forward(part.data(), weights.back().data(), begin == 0 ? bias.data() : nullptr,
                     y.mutable_data(), begin > 0);
    begin += part.dim(-1);
  }

  auto backward = [&k, rows, out, columns, weights, values,  // saved
                   slots, dweight = weight.grad,             // wanted
                   dbias = bias.grad](const Tensor<Real>& dy) {
    Real* const to_weight = into(dweight);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Products<Real> products{k, rows, columns[i].size, out};
      if (slots[i]) {
        const auto [to, first] = slots[i]->arrive();
        products.backward_input(dy.data(), weights[i].data(), to, !first);
      }
      if (!dweight) continue;
      Tensor<Real> part({out, columns[i].size}, dy.device());
      products.backward_weight(dy.data(), values[i].data(), part.mutable_data(), false);
      columns[i].add(part, to_weight);
    }
    if (dbias) Products<Real>{k, rows, 0, out}.backward_bias(dy.data(), into(dbias));
  };
  std::vector<Var<Real>> inputs = parts;
  inputs.push_back(weight);
  inputs.push_back(bias);
  return record("linear_concat", y, std::span<const Var<Real>>(inputs), backward);
}

#define CAROUSEL_INSTANTIATE(Real)                                                             \
  template Var<Real> linear(const Var<Real>&, const Var<Real>&, const Var<Real>&);             \
  template std::vector<Var<Real>> linear_split(                                                \
      const Var<Real>&, const Var<Real>&, const Var<Real>&, const std::vector<std::int64_t>&); \
  template Var<Real> linear_concat(const std::vector<Var<Real>>&, const Var<Real>&,            \
                                   const Var<Real>&);
CAROUSEL_INSTANTIATE(float)
CAROUSEL_INSTANTIATE(double)
#undef CAROUSEL_INSTANTIATE

}  // namespace carousel
