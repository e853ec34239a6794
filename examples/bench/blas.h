// OpenBLAS, where the build found it: what matmul is measured against.
#pragma once

#include <string>

#include "kernels/matmul.h"

namespace carousel::bench {

bool has_blas();

// "OpenBLAS 0.3.21, Zen kernels"
std::string describe_blas();

// One product (batch = 1, no bias), on as many threads as parallel_for uses; sgemv where that does
// it. Throws Error without OpenBLAS.
void blas_matmul(const MatMul<float>& arguments);

}  // namespace carousel::bench
