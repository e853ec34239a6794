// Every kernel of every backend in single precision against the reference in double, on 200 random
// shapes each, options and contents included.

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/reference/reference.h"
#include "tests/kernels/draw_cells.h"
#include "tests/kernels/draw_elementwise.h"
#include "tests/kernels/draw_layers.h"

namespace carousel {

namespace {

constexpr std::uint64_t shapes = 200;

// Of the error below: a millionth of the result.
constexpr double tolerance = 1e-12;

// A kernel: its line in the tables of all backends.
template <template <class> class Arguments>
struct Line {
  const char* name;
  void (*Kernels<float>::*single)(const Arguments<float>&);
  void (*Kernels<double>::*exact)(const Arguments<double>&);
};

struct Backend {
  const Kernels<float>* table;
  Device device;
};

// All backends, the reference first. Where there is a GPU besides the cpu, only that one: the
// backends of the cpu are the same in every build.
std::vector<Backend> backends() {
  if (available(Device::cuda)) return {{&kernels<float>(Device::cuda), Device::cuda}};
  const std::string before(backend());
  std::vector<Backend> result;
  for (const auto name : available_backends()) {
    use_backend(name);
    result.push_back({&kernels<float>(Device::cpu), Device::cpu});
  }
  use_backend(before);
  return result;
}

struct Run {
  std::vector<Tensor<double>> results;
  std::string drawn;
};

template <class Real, template <class> class Arguments>
Run run(void (*kernel)(const Arguments<Real>&), Random random, std::uint64_t neighbour = 0,
        Device device = Device::cpu) {
  Trial<Real> trial(random, neighbour, device);
  Arguments<Real> arguments;
  draw(trial, arguments);
  kernel(arguments);
  return {trial.results(), trial.drawn()};
}

// Σ (x − exact)² / Σ exact²
double error_of(const Tensor<double>& x, const Tensor<double>& exact) {
  double difference = 0, norm = 0;
  for (std::int64_t i = 0; i < exact.numel(); ++i) {
    const double want = exact.data()[i], error = x.data()[i] - want;
    difference += error * error;
    norm += want * want;
  }
  return difference == 0 ? 0 : difference / norm;
}

// The error of one result of the reference in single precision: the mean of many neighbours, since
// a single number may be right by luck.
template <template <class> class Arguments>
double reference_error(const Line<Arguments>& line, Random random, std::size_t result) {
  constexpr std::uint64_t neighbours = 32;
  double sum = 0;
  for (std::uint64_t neighbour = 1; neighbour <= neighbours; ++neighbour) {
    const auto exact = run(reference::table<double>().*line.exact, random, neighbour);
    const auto single = run(reference::table<float>().*line.single, random, neighbour);
    sum += error_of(single.results[result], exact.results[result]);
  }
  return sum / static_cast<double>(neighbours);
}

// The kernels of a device in double are others than those in single precision, from the same
// source. The tolerance is far from what rounding does, even where terms cancel, and from any
// mistake.
template <template <class> class Arguments>
void check_double(const Line<Arguments>& line, Random random, const Run& exact) {
  const auto again = run(kernels<double>(Device::cuda).*line.exact, random, 0, Device::cuda);
  for (std::size_t i = 0; i < exact.results.size(); ++i) {
    INFO("double, result ", i, " of ", exact.results[i].numel(), " numbers");
    CHECK(error_of(again.results[i], exact.results[i]) <= 1e-18);
  }
}

struct Count {
  int results = 0, beyond = 0;  // all of them, and those whose error is above the tolerance
};

// Where terms cancel, single precision cannot keep the tolerance: in a result of one number, or in
// the mLSTM where n·q, which it divides by, is near zero. There a backend has to be as exact as the
// reference in single precision is: within four standard deviations, 16 times its squared error.
template <template <class> class Arguments>
void check_shape(const Line<Arguments>& line, std::uint64_t shape, Count& count) {
  const Random random = Random{shape}.named(line.name);
  const auto exact = run(reference::table<double>().*line.exact, random);
  INFO("shape ", shape, ", sizes and #choices:", exact.drawn);
  void (*checked)(const Arguments<float>&) = nullptr;
  for (const Backend& backend : backends()) {
    const auto kernel = backend.table->*line.single;
    if (kernel == checked) continue;  // inherited
    checked = kernel;
    const auto single = run(kernel, random, 0, backend.device);
    for (std::size_t i = 0; i < exact.results.size(); ++i) {
      ++count.results;
      const double error = error_of(single.results[i], exact.results[i]);
      if (error <= tolerance) continue;
      ++count.beyond;
      INFO("backend ", std::string(backend.table->name), ", result ", i, " of ",
           exact.results[i].numel(), " numbers");
      CHECK(error <= 16 * reference_error(line, random, i));
    }
  }
  if (available(Device::cuda)) check_double(line, random, exact);
}

template <template <class> class Arguments>
void check(const Line<Arguments>& line) {
  if constexpr (requires(Trial<float> & t, Arguments<float> & a) { draw(t, a); }) {
    const GuardZones guard;
    Count count;
    for (std::uint64_t shape = 0; shape < shapes; ++shape) check_shape(line, shape, count);
    CHECK(count.results >= static_cast<int>(shapes));
    CHECK(count.beyond * 50 <= count.results);  // the exception, not the rule
    CHECK(GuardZones::damaged() == 0);
  } else {
    FAIL_CHECK(line.name << " has no draw() in tests/kernels");
  }
}

}  // namespace

TEST_CASE("every kernel agrees with the reference on random shapes" *
          doctest::test_suite("devices")) {
#define CAROUSEL_CHECK_LINE(function, Arguments)                                              \
  SUBCASE(#function) {                                                                        \
    check(Line<Arguments>{#function, &Kernels<float>::function, &Kernels<double>::function}); \
  }
  CAROUSEL_KERNELS(CAROUSEL_CHECK_LINE)
#undef CAROUSEL_CHECK_LINE
}

}  // namespace carousel
