// Every kernel of every backend in single precision against the reference in double, on 200 random
// shapes each, options and contents included.

#include "tests/kernels/random_shapes.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "kernels/reference/reference.h"

namespace carousel {

namespace {

// Of the error: a millionth of the result.
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

// The error of one result of the reference in single precision.
template <template <class> class Arguments>
double reference_error(const Line<Arguments>& line, Random random, std::size_t result) {
  return mean_error([&](std::uint64_t neighbour) {
    const Draws draws{random, neighbour};
    const auto exact = run<double>(reference::table<double>().*line.exact, draws);
    const auto single = run<float>(reference::table<float>().*line.single, draws);
    return error_of(single.results[result], exact.results[result]);
  });
}

// The kernels of a device in double are others than those in single precision, from the same
// source. The tolerance is far from what rounding does, even where terms cancel, and from any
// mistake.
template <template <class> class Arguments>
void check_double(const Line<Arguments>& line, Random random, const KernelRun& exact) {
  const auto again = run<double>(kernels<double>(Device::cuda).*line.exact,
                                 {.random = random, .device = Device::cuda});
  for (std::size_t i = 0; i < exact.results.size(); ++i) {
    INFO("double, result ", i, " of ", exact.results[i].values.numel(), " numbers");
    CHECK(error_of(again.results[i], exact.results[i]) <= 1e-18);
  }
}

// Where terms cancel, single precision cannot keep the tolerance: in a result of one number, or in
// the mLSTM where n·q, which it divides by, is near zero. There a backend has to be as exact as the
// reference in single precision is: within four standard deviations, 16 times its squared error.
template <template <class> class Arguments>
void check_shape(const Line<Arguments>& line, std::uint64_t shape, Count& count) {
  const Random random = Random{shape}.named(line.name);
  const auto exact = run<double>(reference::table<double>().*line.exact, {random});
  INFO("shape ", shape, ", sizes and #choices:", exact.drawn);
  void (*checked)(const Arguments<float>&) = nullptr;
  for (const Backend& backend : backends()) {
    const auto kernel = backend.table->*line.single;
    if (kernel == checked) continue;  // inherited
    checked = kernel;
    const auto single = run<float>(kernel, {.random = random, .device = backend.device});
    for (std::size_t i = 0; i < exact.results.size(); ++i) {
      ++count.results;
      const double error = error_of(single.results[i], exact.results[i]);
      if (error <= tolerance) continue;
      ++count.beyond;
      INFO("backend ", std::string(backend.table->name), ", result ", i, " of ",
           exact.results[i].values.numel(), " numbers");
      CHECK(error <= 16 * reference_error(line, random, i));
    }
  }
  if (available(Device::cuda)) check_double(line, random, exact);
}

template <template <class> class Arguments>
void check(const Line<Arguments>& line) {
  if constexpr (requires(Trial<float> & t, Arguments<float> & a) { draw(t, a); }) {
    check_random_shapes(
        [&](std::uint64_t shape, Count& count) { check_shape(line, shape, count); });
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
