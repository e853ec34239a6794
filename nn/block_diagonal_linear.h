// BlockDiagonalLinear: channels are cut into blocks, each with a matrix of its own ("headwise").
#pragma once

#include "nn/init.h"
#include "ops/block_diagonal.h"

namespace carousel {

template <class Real>
struct BlockDiagonalLinear {
  Var<Wide<Real>> weight;  // (blocks, DH, DH): [block, out, in]
  Var<Wide<Real>> bias;    // (blocks·DH), or undefined

  // Weights N(0, stddev²), the bias zeros. Throws Error unless the blocks divide dim.
  BlockDiagonalLinear(const Init& init, std::int64_t dim, std::int64_t blocks, double stddev,
                      bool with_bias)
      : weight(init["weight"].normal<Wide<Real>>(shape(dim, blocks), stddev)),
        bias(with_bias ? constant<Wide<Real>>({dim}, 0) : Var<Wide<Real>>()) {}

  // x (…, blocks·DH) → the same shape
  Var<Real> operator()(const Var<Real>& x) const { return block_diagonal(x, weight, bias); }

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("weight", weight);
    v("bias", bias);
  }

 private:
  static Shape shape(std::int64_t dim, std::int64_t blocks) {
    CAROUSEL_CHECK(blocks >= 1 && dim % blocks == 0,
                   "block_diagonal_linear: got {} blocks, want a divisor of {} channels", blocks,
                   dim);
    return {blocks, dim / blocks, dim / blocks};
  }
};

}  // namespace carousel
