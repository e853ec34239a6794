// What a kernel may use gives what it should.
#include <doctest/doctest.h>

#include <numeric>

#include "tests/simt/device_array.h"
#include "tests/simt/samples.h"

using namespace carousel;

namespace {

// Small integers: every sum of products is exact, in any order.
template <class T>
std::vector<T> numbers(std::size_t n) {
  std::vector<T> x(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = static_cast<T>(static_cast<float>((i * 37 + 11) % 23) - 11.0f);
  return x;
}

// C = A B in double.
template <class T>
std::vector<double> product(const std::vector<T>& A, const std::vector<T>& B, std::size_t M,
                            std::size_t N, std::size_t K) {
  std::vector<double> C(M * N);
  for (std::size_t i = 0; i < M; ++i)
    for (std::size_t j = 0; j < N; ++j)
      for (std::size_t k = 0; k < K; ++k)
        C[i * N + j] += static_cast<double>(A[i * K + k]) * static_cast<double>(B[k * N + j]);
  return C;
}

template <class T>
std::vector<double> in_double(const std::vector<T>& x) {
  return {x.begin(), x.end()};
}

}  // namespace

TEST_CASE_TEMPLATE("simt: block sums by shuffles", Real, float, double) {
  const std::vector<Real> x = numbers<Real>(1000);
  for (const unsigned threads : {32u, 256u, 1024u}) {
    const std::size_t blocks = (x.size() + threads - 1) / threads;
    const DeviceArray<Real> in(x), sums(blocks);
    samples::sum_blocks(in.data(), sums.data(), 1000, threads);
    const std::vector<Real> got = sums.values();
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto first = x.begin() + static_cast<std::ptrdiff_t>(b * threads);
      const auto last = b + 1 == blocks ? x.end() : first + threads;
      CHECK(got[b] == std::accumulate(first, last, Real(0)));
    }
  }
}

TEST_CASE("simt: a scan in shared memory") {
  for (const unsigned n : {1u, 31u, 33u, 1024u}) {
    std::vector<int> x = numbers<int>(n);
    const DeviceArray<int> in(x), out(n);
    samples::scan(in.data(), out.data(), n);
    std::partial_sum(x.begin(), x.end(), x.begin());
    CHECK(out.values() == x);
  }
}

TEST_CASE_TEMPLATE("simt: a product in tiles", Real, float, double) {
  const std::vector<Real> A = numbers<Real>(33 * 47), B = numbers<Real>(47 * 18);
  const DeviceArray<Real> a(A), b(B), c(33 * 18);
  samples::multiply(a.data(), b.data(), c.data(), 33, 18, 47);
  CHECK(in_double(c.values()) == product(A, B, 33, 18, 47));
}

TEST_CASE("simt: a product in bfloat16 fragments") {
  const auto A = numbers<__nv_bfloat16>(32 * 64), B = numbers<__nv_bfloat16>(64 * 48);
  const DeviceArray<__nv_bfloat16> a(A), b(B);
  const DeviceArray<float> c(32 * 48);
  samples::multiply_fragments(a.data(), b.data(), c.data(), 32, 48, 64);
  CHECK(in_double(c.values()) == product(A, B, 32, 48, 64));
}

TEST_CASE("simt: bfloat16 is rounded to the nearest, ties to even") {
  CHECK(float(__nv_bfloat16(1.0f)) == 1.0f);
  CHECK(float(__nv_bfloat16(1.00390625f)) == 1.0f);        // half-way, down to even
  CHECK(float(__nv_bfloat16(1.01171875f)) == 1.015625f);   // half-way, up to even
  CHECK(float(__nv_bfloat16(1.00390637f)) == 1.0078125f);  // just above half-way
  CHECK(std::isinf(float(__nv_bfloat16(3.4e38f))));
  CHECK(std::isnan(float(__nv_bfloat16(std::nanf("")))));
}

TEST_CASE("simt: all blocks of a grid wait for each other") {
  constexpr unsigned n = 500;
  constexpr int rounds = 7;
  std::vector<int> x = numbers<int>(n), want(n);
  const DeviceArray<int> in(x), scratch(n);
  samples::rotate(in.data(), scratch.data(), n, 4, rounds);
  for (unsigned i = 0; i < n; ++i) want[i] = x[(i + rounds) % n] + rounds;
  CHECK(in.values() == want);
}

TEST_CASE("simt: the blocks of a cluster read each other's memory") {
  const DeviceArray<int> sums(8);
  samples::sum_clusters(sums.data(), 8, 4);
  CHECK(sums.values() == std::vector<int>(8, 1 + 2 + 3 + 4));
}

TEST_CASE("simt: integer atomics in shared and global memory") {
  std::vector<int> x(1000), want(16);
  for (std::size_t i = 0; i < x.size(); ++i)
    ++want[static_cast<std::size_t>(x[i] = static_cast<int>(i * i % 16))];
  const DeviceArray<int> in(x), counts(16);
  samples::histogram(in.data(), counts.data(), 1000);
  CHECK(counts.values() == want);
}

TEST_CASE("simt: votes and shuffles") {
  const DeviceArray<unsigned> results(9);
  samples::votes(results.data(), 64);
  // Seen by thread 39: lane 7, the last of a segment of 8, which keeps its value at the shift down.
  CHECK(results.values() == std::vector<unsigned>{0x55555555u, 1, 0, 1, 1, 32, 32, 38, 39});
}

TEST_CASE("simt: vectors in shared memory") {
  std::vector<float> x = numbers<float>(148);
  const DeviceArray<float> in(x), out(148);
  samples::quadruple(in.data(), out.data(), 148);
  for (float& v : x) v *= 4;
  CHECK(out.values() == x);
}

TEST_CASE("simt: many blocks of threads that never wait") {
  const DeviceArray<int> x(std::vector<int>(100'000, 41));
  samples::increment(x.data(), 100'000);
  CHECK(x.values() == std::vector<int>(100'000, 42));
}

TEST_CASE("simt: many barriers") {
  const DeviceArray<int> x(3);
  samples::meet_often(x.data(), 3, 1024, 100);
  CHECK(x.values() == std::vector<int>(3, 100));
}
