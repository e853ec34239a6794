// check_op: everything that is asked of every op, for one case.
#pragma once

#include "ops/cases/cases.h"

namespace carousel {

// Asks of one case, in double and in float where it makes sense:
//  - gradients equal difference quotients (double);
//  - every backend and device equals the reference on the cpu, forward and backward;
//  - two runs, and runs with 1, 2 and 3 threads, are identical bit for bit;
//  - running forward and backward twice doubles every gradient;
//  - no buffer is written outside its bounds, nothing unwritten is read, results are finite;
//  - on devices that have it, what check_bf16 asks.
void check_op(const OpCase& op_case);

// |a − b|₂ / |b|₂, the measure of every comparison between tensors, wherever they are; NaN when
// either holds one.
template <class Real>
double relative_error(const Tensor<Real>& a, const Tensor<Real>& b);

// The same shape and the same bits, wherever they are.
template <class Real>
bool identical(const Tensor<Real>& a, const Tensor<Real>& b);

}  // namespace carousel
