// The matrix products of the presets: what projections ask of matmul in training and in decoding.
#pragma once

#include <string>
#include <vector>

#include "core/tensor.h"
#include "kernels/matmul.h"

namespace carousel::bench {

struct Product {
  std::int64_t M, N, K;
  bool transpose_a, transpose_b, accumulate;

  double flops() const { return 2.0 * static_cast<double>(M * N * K); }
  std::string form() const;   // "nt": a as it is, b transposed
  std::string shape() const;  // "2048x1024x256": M, N, K

  friend bool operator==(const Product&, const Product&) = default;
};

// For every projection of the presets, each shape once: y = x Wᵀ, dx += dy W, dW += dyᵀ x.
std::vector<Product> training_products(std::int64_t tokens);

// y = x Wᵀ for one token, and for eight.
std::vector<Product> decoding_products();

// A product with its arrays.
class Factors {
 public:
  explicit Factors(const Product& product);

  MatMul<float> arguments() const;

 private:
  Product product_;
  Tensor<float> a_, b_;
  mutable Tensor<float> c_;
};

}  // namespace carousel::bench
