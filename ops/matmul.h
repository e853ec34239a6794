// Matrix products.
#pragma once

#include "autograd/var.h"

namespace carousel {

// op(a) op(b) of the last two axes, where op transposes on demand; leading axes are a batch.
// a (…, M, K), or (…, K, M) when transpose_a; b (…, K, N), or (…, N, K) when transpose_b → (…, M,
// N). Throws Error unless the leading axes are the same and the sizes K equal.
template <class Real>
Var<Real> matmul(const Var<Real>& a, const Var<Real>& b, bool transpose_a = false,
                 bool transpose_b = false);

}  // namespace carousel
