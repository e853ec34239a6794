// How a recurrence is spread over the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/recurrence.h"

namespace carousel::cuda {

struct Plan {
  int cluster = 0;  // blocks of a team; 0: no team has room for R
  int batch = 0;    // sequences of a team, 4 or 8
  int units = 0;    // of a block, a multiple of 4
  int stride = 0;   // of a row of R in shared memory: DH up to the next 16 bytes
  int threads = 0;
  std::size_t shared_bytes = 0;
  std::int64_t blocks = 0;
};

constexpr int plan_threads = 512;  // at most
constexpr int row_parts = 2;       // of the rows of R, in the product of backward

// The plan whose steps should take the fewest cycles on this device.
template <class Real>
Plan plan_forward(const RecurrenceForward<Real>& a);
template <class Real>
Plan plan_backward(const RecurrenceBackward<Real>& a);

}  // namespace carousel::cuda
