#include "core/parallel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <vector>

namespace carousel {

TEST_CASE("every index runs once, in the same chunks for any number of threads") {
  const int before = threads();
  std::set<std::pair<std::int64_t, std::int64_t>> first;
  for (const int count : {1, 2, 3, 8}) {
    set_threads(count);
    std::vector<std::atomic<int>> runs(1003);
    std::set<std::pair<std::int64_t, std::int64_t>> chunks;
    std::mutex mutex;
    parallel_for(1003, 10, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) ++runs[static_cast<std::size_t>(i)];
      const std::lock_guard lock(mutex);
      chunks.insert({begin, end});
    });
    for (const auto& run : runs) CHECK(run == 1);
    if (count == 1) first = chunks;
    CHECK(chunks == first);
  }
  set_threads(before);
}

TEST_CASE("loops inside loops cover everything, too") {
  const int before = threads();
  set_threads(3);
  std::vector<std::atomic<int>> runs(20 * 30);
  parallel_for(20, 3, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      parallel_for(30, 7, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t j = from; j < to; ++j) ++runs[static_cast<std::size_t>(30 * i + j)];
      });
    }
  });
  set_threads(before);
  CHECK(std::all_of(runs.begin(), runs.end(), [](const auto& run) { return run == 1; }));
}

TEST_CASE("a loop over nothing does nothing") {
  bool ran = false;
  parallel_for(0, 4, [&](std::int64_t, std::int64_t) { ran = true; });
  parallel_for(-3, 4, [&](std::int64_t, std::int64_t) { ran = true; });
  CHECK_FALSE(ran);
}

TEST_CASE("thread counts outside 1 to 1024 are refused") {
  CHECK_THROWS_WITH(set_threads(0), "threads: got 0, want 1 to 1024");
  CHECK_THROWS_WITH(set_threads(1025), "threads: got 1025, want 1 to 1024");
}

}  // namespace carousel
