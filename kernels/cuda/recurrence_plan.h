// How a recurrence is spread over the device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/recurrence.h"

namespace carousel::cuda {

struct Plan {
  int cluster = 0;  // blocks of a cluster; 0: none has room for R
  int batch = 0;    // sequences of a cluster, 4 or 8
  int units = 0;    // of a block, a multiple of 4
  int stride = 0;   // of a row of R in shared memory: DH up to the next 16 bytes
  int threads = 0;
  std::size_t shared_bytes = 0;
  std::int64_t blocks = 0;
};

constexpr int plan_threads = 512;  // at most
constexpr int row_parts = 2;       // of the rows of R, in the product of backward

// The kernels of a pass: for a block on its own and for clusters, with batches of 4 and of 8.
template <class Kernel>
struct PassKernels {
  Kernel alone[2], clusters[2];

  Kernel of(int cluster, int batch) const {
    return (cluster > 1 ? clusters : alone)[batch == 8 ? 1 : 0];
  }
  PassKernels<const void*> addresses() const {
    const auto address = [](Kernel kernel) { return reinterpret_cast<const void*>(kernel); };
    return {{address(alone[0]), address(alone[1])}, {address(clusters[0]), address(clusters[1])}};
  }
};

// The plan whose steps should take the fewest cycles on this device.
template <class Real>
Plan plan_forward(const RecurrenceForward<Real>& a, const PassKernels<const void*>& kernels);
template <class Real>
Plan plan_backward(const RecurrenceBackward<Real>& a, const PassKernels<const void*>& kernels);

}  // namespace carousel::cuda
