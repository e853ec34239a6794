#include "core/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"

namespace carousel {

// The known answers that the authors of Philox publish for philox4x32-10.
TEST_CASE("philox gives the published answers") {
  constexpr std::uint32_t ones = 0xFFFFFFFF;
  CHECK(philox({0, 0, 0, 0}, {0, 0}) ==
        PhiloxBlock{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8});
  CHECK(philox({ones, ones, ones, ones}, {ones, ones}) ==
        PhiloxBlock{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD});
  CHECK(philox({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}) ==
        PhiloxBlock{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1});
}

TEST_CASE("uniform and normal numbers have the moments they should") {
  constexpr std::int64_t n = 200000;
  const auto moments = [](const Tensor<double>& x) {
    double mean = 0, variance = 0;
    for (const double value : x.values()) mean += value / n;
    for (const double value : x.values()) variance += (value - mean) * (value - mean) / n;
    return std::pair(mean, variance);
  };
  // Five standard deviations of each estimate.
  const auto [uniform_mean, uniform_variance] = moments(random_uniform<double>({n}, Random{1}));
  CHECK(std::abs(uniform_mean - 0.5) <= 5 * std::sqrt(1.0 / 12 / n));
  CHECK(std::abs(uniform_variance - 1.0 / 12) <= 5 * std::sqrt(1.0 / 180 / n));
  const auto [normal_mean, normal_variance] = moments(random_normal<double>({n}, Random{2}));
  CHECK(std::abs(normal_mean) <= 5 / std::sqrt(n));
  CHECK(std::abs(normal_variance - 1) <= 5 * std::sqrt(2.0 / n));
}

TEST_CASE("streams, seeds and names differ, equal ones do not") {
  const Random random{1, 2};
  CHECK(random.bits(0) != random.bits(1));
  CHECK(random.bits(0) != Random{1, 3}.bits(0));
  CHECK(random.bits(0) != Random{2, 2}.bits(0));
  CHECK(random.named("a").bits(0) != random.named("b").bits(0));
  CHECK(random.named("a").bits(5) == Random{1, 2}.named("a").bits(5));
}

TEST_CASE("below stays below its bound and reaches every value") {
  std::array<int, 7> seen{};
  for (std::uint64_t i = 0; i < 7000; ++i) ++seen[Random{3}.below(7, i)];
  for (const int count : seen) CHECK(std::abs(count - 1000) <= 150);  // five standard deviations
}

TEST_CASE("random tensors are the same for any number of threads, and in float and double") {
  const int before = threads();
  set_threads(1);
  const auto one = random_normal<float>({5000}, Random{4});
  set_threads(3);
  const auto three = random_normal<float>({5000}, Random{4});
  set_threads(before);
  CHECK(std::equal(one.data(), one.data() + 5000, three.data()));
  const auto doubles = random_normal<double>({5000}, Random{4}).to<float>();
  CHECK(std::equal(one.data(), one.data() + 5000, doubles.data()));
}

}  // namespace carousel
