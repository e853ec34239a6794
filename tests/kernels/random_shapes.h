// Kernels run on random arguments, and how far apart their results are.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/kernels/draw_cells.h"
#include "tests/kernels/draw_elementwise.h"
#include "tests/kernels/draw_layers.h"

namespace carousel {

struct KernelRun {
  std::vector<TrialResult> results;
  std::string drawn;
};

template <class Real, class Arguments>
KernelRun run(void (*kernel)(const Arguments&), const Draws& draws) {
  Trial<Real> trial(draws);
  Arguments arguments;
  draw(trial, arguments);
  kernel(arguments);
  return {trial.results(), trial.sizes_and_choices()};
}

// Σ (x − exact)² / Σ exact²
inline double error_of(const TrialResult& x, const TrialResult& exact) {
  double difference = 0, norm = 0;
  for (std::int64_t i = 0; i < exact.values.numel(); ++i) {
    const double want = exact.values.data()[i], error = x.values.data()[i] - want;
    difference += error * error;
    norm += want * want;
  }
  return difference == 0 ? 0 : difference / norm;
}

// The mean of error(neighbour) over many neighbours of a trial, since a single number may be right
// by luck.
template <class Error>
double mean_error(const Error& error) {
  constexpr std::uint64_t neighbours = 32;
  double sum = 0;
  for (std::uint64_t neighbour = 1; neighbour <= neighbours; ++neighbour) sum += error(neighbour);
  return sum / static_cast<double>(neighbours);
}

// How many results there were, and how many with an error above the tolerance.
struct Count {
  int results = 0, beyond = 0;
};

// Calls check_shape(shape, count) for random shapes, of which few results may be beyond the
// tolerance.
template <class Check>
void check_random_shapes(const Check& check_shape) {
  constexpr std::uint64_t shapes = 200;
  const GuardZones guard;
  Count count;
  for (std::uint64_t shape = 0; shape < shapes; ++shape) check_shape(shape, count);
  CHECK(count.results >= static_cast<int>(shapes));
  CHECK(count.beyond * 50 <= count.results);  // the exception, not the rule
  CHECK(GuardZones::damaged() == 0);
}

}  // namespace carousel
