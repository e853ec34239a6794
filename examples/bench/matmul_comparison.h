// matmul against OpenBLAS, shape by shape, in turns.
#pragma once

#include <cstdint>

namespace carousel::bench {

struct MatmulComparisonOptions {
  int rounds = 5;
  std::int64_t tokens = 2048;
};

// Prints a table with both rates and their ratio for every product of the presets, and the
// geometric mean and the smallest ratio. Each is timed `rounds` times, alternately, and its fastest
// time counts. Returns the program's exit code. Throws Error in a build without OpenBLAS.
int compare_matmul(const MatmulComparisonOptions& options);

}  // namespace carousel::bench
