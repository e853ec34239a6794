// What the ops in linear.cpp share: the products behind one linear map.
#pragma once

#include <concepts>
#include <cstdint>

#include "kernels/kernels.h"
#include "ops/convert.h"

namespace carousel {

// What a product of narrow elements takes: x itself, or rounded.
template <class Real, class T>
auto factor(const Tensor<T>& x) {
  if constexpr (std::same_as<Real, T>) {
    return x;
  } else {
    return narrow<Real>(x);
  }
}

// The products of one linear map, x (rows, in), weight (out, in), forward and backward.
template <class Real>
struct Products {
  const Kernels<Real>& k;
  std::int64_t rows, in, out;

  // y = or += x weightᵀ + bias
  template <class Result>
  void forward(const Real* x, const Real* weight, const Wide<Real>* bias, Result* y,
               bool accumulate) const {
    product<Result>({
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
    product<Real>({
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
  void backward_weight(const Real* dy, const Real* x, Wide<Real>* dweight, bool accumulate) const {
    product<Wide<Real>>({
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

 private:
  template <class Result>
  void product(const MatMulInto<Real, Result>& arguments) const {
    if constexpr (std::same_as<Real, Result>) {
      k.matmul(arguments);
    } else {
      k.matmul_wide(arguments);
    }
  }
};

// dbias += Σ_rows dy; dy (rows, out) of either element type.
template <class Real>
void add_rows(const Kernels<Real>& k, const Real* dy, std::int64_t rows, std::int64_t out,
              Wide<Real>* dbias) {
  k.reduce_sum({
      .x = dy,
      .y = dbias,
      .outer = 1,
      .n = rows,
      .inner = out,
      .factor = 1,
  });
}

}  // namespace carousel
