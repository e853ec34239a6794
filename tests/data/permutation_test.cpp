#include "data/permutation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"

namespace carousel {

namespace {

std::vector<std::uint64_t> order_of(std::uint64_t n, Random random) {
  const Permutation permutation(n, random);
  std::vector<std::uint64_t> order;
  for (std::uint64_t i = 0; i < n; ++i) order.push_back(permutation(i));
  return order;
}

bool is_bijection(std::vector<std::uint64_t> order) {
  std::ranges::sort(order);
  for (std::uint64_t i = 0; i < order.size(); ++i) {
    if (order[i] != i) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("permutation: every number once, for every n up to 300 and around powers of two") {
  for (std::uint64_t n = 1; n <= 300; ++n) CHECK(is_bijection(order_of(n, {n, 7})));
  for (int bits = 9; bits <= 16; ++bits) {
    for (const int shift : {-1, 0, 1}) {
      const std::uint64_t n = (std::uint64_t{1} << bits) + static_cast<std::uint64_t>(shift);
      CHECK(is_bijection(order_of(n, {1, 2})));
    }
  }
}

TEST_CASE("permutation: large n stays in range, and neighbours do not meet") {
  const std::uint64_t n = (std::uint64_t{1} << 40) + 12345;
  const Permutation permutation(n, {5, 0});
  std::vector<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 10000; ++i) seen.push_back(permutation(n - 1 - i));
  CHECK(*std::ranges::max_element(seen) < n);
  std::ranges::sort(seen);
  CHECK(std::ranges::adjacent_find(seen) == seen.end());
  CHECK_NOTHROW(Permutation(std::uint64_t{1} << 62, {})(0));
  CHECK_THROWS_AS(Permutation(0, {}), Error);
  CHECK_THROWS_AS(Permutation((std::uint64_t{1} << 62) + 1, {}), Error);
}

TEST_CASE("permutation: another seed or stream is another order") {
  const auto order = order_of(1000, {1, 1});
  CHECK(order == order_of(1000, {1, 1}));
  CHECK(order != order_of(1000, {2, 1}));
  CHECK(order != order_of(1000, {1, 2}));
}

// Where a number lands is uniform over the streams: χ² with n − 1 = 9 degrees of freedom is above
// 27.9 once in 1,000 times; the streams are fixed, so the test says the same every time.
TEST_CASE("permutation: every place is as likely as any other") {
  constexpr int n = 10, streams = 20000;
  for (std::uint64_t i = 0; i < n; ++i) {
    std::vector<double> count(n);
    for (std::uint64_t stream = 0; stream < streams; ++stream) {
      ++count[Permutation(n, {3, stream})(i)];
    }
    double chi_squared = 0;
    for (const double c : count) chi_squared += std::pow(c - streams / n, 2) / (streams / n);
    CHECK(chi_squared < 27.9);
  }
}

}  // namespace carousel
