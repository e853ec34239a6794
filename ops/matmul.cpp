#include "ops/matmul.h"

#include <algorithm>

#include "autograd/record.h"
#include "ops/device.h"

namespace carousel {

namespace {

template <class Real>
struct Factor {
  const Real* data;
  bool transpose;
};

// The gradient (batch, M, N) gets op(a) op(b).
template <class Real>
void add_product(const Kernels<Real>& k, Factor<Real> a, Factor<Real> b, const Slot<Real>& gradient,
                 std::int64_t batch, std::int64_t M, std::int64_t N, std::int64_t K) {
  const auto [c, first] = gradient->arrive();
  k.matmul({
      .a = a.data,
      .b = b.data,
      .bias = nullptr,
      .c = c,
      .batch = batch,
      .M = M,
      .N = N,
      .K = K,
      .transpose_a = a.transpose,
      .transpose_b = b.transpose,
      .accumulate = !first,
  });
}

template <class Real>
void check_factors(const Var<Real>& a, const Var<Real>& b, std::int64_t a_K, std::int64_t b_K) {
  CAROUSEL_CHECK(a.rank() == b.rank() && std::equal(a.shape().begin(), a.shape().end() - 2,
                                                    b.shape().begin(), b.shape().end() - 2),
                 "matmul: a has shape {} and b {}, want the same leading axes", a.shape(),
                 b.shape());
  CAROUSEL_CHECK(a_K == b_K,
                 "matmul: a has shape {} and b {}: sums over {} and {} terms, want the same number",
                 a.shape(), b.shape(), a_K, b_K);
}

}  // namespace

// From c = op(a) op(b) follow d op(a) = dc op(b)ᵀ and d op(b) = op(a)ᵀ dc. Where op transposes, the
// gradient of what was given is the transpose of that: da = op(b) dcᵀ, db = dcᵀ op(a).
template <class Real>
Var<Real> matmul(const Var<Real>& a, const Var<Real>& b, bool transpose_a, bool transpose_b) {
  CAROUSEL_CHECK(a.rank() >= 2, "matmul: a has shape {}, want at least two axes", a.shape());
  CAROUSEL_CHECK(b.rank() >= 2, "matmul: b has shape {}, want at least two axes", b.shape());
  const auto M = a.dim(transpose_a ? -1 : -2), K = a.dim(transpose_a ? -2 : -1);
  const auto N = b.dim(transpose_b ? -2 : -1), batch = a.shape().outer(-2);
  check_factors(a, b, K, b.dim(transpose_b ? -1 : -2));

  const auto& k = kernels_for("matmul", a, b);
  Tensor<Real> c(a.shape().with(-2, M).with(-1, N), a.device());
  k.matmul({
      .a = a.data(),
      .b = b.data(),
      .bias = nullptr,
      .c = c.mutable_data(),
      .batch = batch,
      .M = M,
      .N = N,
      .K = K,
      .transpose_a = transpose_a,
      .transpose_b = transpose_b,
      .accumulate = false,
  });

  const auto backward = [&] {
    return [&k, a = a.value, b = b.value, batch, M, N, K, transpose_a, transpose_b,  // saved
            da = a.grad, db = b.grad](const Tensor<Real>& dc) {                      // wanted
      using F = Factor<Real>;
      const F given_a{a.data(), transpose_a}, given_b{b.data(), transpose_b};
      const F turned_a{a.data(), !transpose_a}, turned_b{b.data(), !transpose_b};
      const F given_dc{dc.data(), false}, turned_dc{dc.data(), true};
      if (da && !transpose_a) add_product(k, given_dc, turned_b, da, batch, M, K, N);
      if (da && transpose_a) add_product(k, given_b, turned_dc, da, batch, K, M, N);
      if (db && !transpose_b) add_product(k, turned_a, given_dc, db, batch, K, N, M);
      if (db && transpose_b) add_product(k, turned_dc, given_a, db, batch, N, K, M);
    };
  };
  return record("matmul", c, {a, b}, backward);
}

template Var<float> matmul(const Var<float>&, const Var<float>&, bool, bool);
template Var<double> matmul(const Var<double>&, const Var<double>&, bool, bool);
template Var<bf16> matmul(const Var<bf16>&, const Var<bf16>&, bool, bool);

}  // namespace carousel
