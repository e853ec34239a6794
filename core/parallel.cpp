#include "core/parallel.h"

#include <omp.h>

#include <atomic>

#include "core/error.h"

namespace carousel {

namespace {

std::atomic<int>& thread_count() {
  static std::atomic<int> count = omp_get_max_threads();
  return count;
}

}  // namespace

void set_threads(int count) {
  CAROUSEL_CHECK(count >= 1 && count <= 1024, "threads: got {}, want 1 to 1024", count);
  thread_count() = count;
}

int threads() { return thread_count().load(std::memory_order_relaxed); }

}  // namespace carousel
