// Parallel loops over fixed chunks: what a chunk holds depends on the problem, never on the number
// of threads, so results are the same bit for bit for any thread count.
#pragma once

#include <algorithm>
#include <cstdint>

namespace carousel {

// Threads that parallel_for uses; starts at the number of cores the process may use.
// Throws Error unless 1 <= count <= 1024.
void set_threads(int count);
int threads();

// Runs body(begin, end) for the chunks [0, grain), [grain, 2 grain), … of [0, n).
// The body must not throw. Chunks may run at the same time and in any order.
template <class Body>
void parallel_for(std::int64_t n, std::int64_t grain, const Body& body) {
  if (n <= 0) return;
  const std::int64_t chunks = (n + grain - 1) / grain;
  const auto run = [&](std::int64_t chunk) {
    body(chunk * grain, std::min(n, (chunk + 1) * grain));
  };
  if (chunks == 1 || threads() == 1) {
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) run(chunk);
    return;
  }
  if (chunks <= 4 * threads()) {  // so few, the same thread for the same chunk: it has the caches
#pragma omp parallel for schedule(static, 1) num_threads(threads())
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) run(chunk);
    return;
  }
#pragma omp parallel for schedule(dynamic) num_threads(threads())
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) run(chunk);
}

// A grain that gives each chunk about 16,000 elementary operations, given the cost of one item.
inline std::int64_t grain_for(std::int64_t cost_per_item) {
  return std::max<std::int64_t>(1, 16384 / std::max<std::int64_t>(1, cost_per_item));
}

}  // namespace carousel
