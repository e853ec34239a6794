#include "nn/schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

namespace carousel {

TEST_CASE("warm-up rises linearly, the cosine falls to the floor") {
  const Schedule schedule{.peak = 8, .floor = 2, .warmup = 4, .steps = 12};
  const double want[] = {2, 4, 6, 8, 8};
  for (int k = 0; k < 5; ++k) CHECK(learning_rate(schedule, k) == want[k]);
  CHECK(std::abs(learning_rate(schedule, 8) - 5) <= 1e-15);
  CHECK(std::abs(learning_rate(schedule, 6) - (5 + 3 * std::sqrt(0.5))) <= 1e-14);
  CHECK(std::abs(learning_rate(schedule, 12) - 2) <= 1e-15);
}

TEST_CASE("warm-up, stable, decay: the last steps lead down a straight line") {
  const Schedule schedule{
      .peak = 8, .floor = 2, .warmup = 2, .steps = 10, .decay = Decay::linear, .decay_steps = 3};
  const double want[] = {4, 8, 8, 8, 8, 8, 8, 8, 6, 4, 2, 2};
  for (int k = 0; k < 12; ++k) CHECK(std::abs(learning_rate(schedule, k) - want[k]) <= 1e-14);
}

TEST_CASE("a constant schedule stays at its peak") {
  const Schedule schedule{.peak = 3, .floor = 1, .warmup = 2, .steps = 9, .decay = Decay::constant};
  CHECK(learning_rate(schedule, 0) == 1.5);
  for (int k = 1; k < 9; ++k) CHECK(learning_rate(schedule, k) == 3);
}

TEST_CASE("no warm-up starts at the peak") {
  CHECK(learning_rate({.peak = 3, .floor = 1, .warmup = 0, .steps = 5}, 0) == 3);
}

TEST_CASE("after the last step the cosine stays at the floor, however long the warm-up was") {
  for (const std::int64_t warmup : {0, 4, 5, 9}) {
    const Schedule schedule{.peak = 3, .floor = 1, .warmup = warmup, .steps = 5};
    for (std::int64_t k = std::max<std::int64_t>(warmup, 5); k < 20; ++k) {
      CHECK(learning_rate(schedule, k) == 1);
    }
  }
  CHECK(learning_rate({.peak = 3, .floor = 1, .warmup = 8, .steps = 5}, 7) == 3);
}

}  // namespace carousel
