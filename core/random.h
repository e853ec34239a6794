// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3"). Number i of a stream is a pure function of (seed, stream, i), so the same
// numbers appear whatever the thread count, the device, or the order in which they are drawn.
// What is constexpr here runs on GPUs as well.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/tensor.h"

namespace carousel {

using PhiloxBlock = std::array<std::uint32_t, 4>;

// Ten rounds of the Philox bijection on a 128-bit counter under a 64-bit key.
constexpr PhiloxBlock philox(PhiloxBlock counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
        static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

// A stream of random numbers, addressed by index.
struct Random {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;

  // A stream of its own for everything that has a name: parameters, the data order, sampling.
  Random named(std::string_view name) const;

  // The bits of numbers 2 · pair and 2 · pair + 1: one block of Philox.
  constexpr std::array<std::uint64_t, 2> pair_bits(std::uint64_t pair) const {
    const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
    const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); };
    const PhiloxBlock words =
        philox({low(pair), high(pair), low(stream), high(stream)}, {low(seed), high(seed)});
    return {words[0] | std::uint64_t{words[1]} << 32, words[2] | std::uint64_t{words[3]} << 32};
  }
  constexpr std::uint64_t bits(std::uint64_t index) const {
    const auto [even, odd] = pair_bits(index / 2);
    return index % 2 == 0 ? even : odd;
  }

  double uniform(std::uint64_t index) const;  // in [0, 1): the upper 53 bits
  double normal(std::uint64_t index) const;   // mean 0, variance 1 (Box–Muller)

  // An integer in [0, bound), without the bias of a plain remainder to within 2^-64 · bound.
  std::uint64_t below(std::uint64_t bound, std::uint64_t index) const;
};

// Tensors of the stream's numbers 0, 1, …, on the cpu; float and double get the same numbers,
// rounded.
template <class Real>
Tensor<Real> random_normal(const Shape& shape, Random random, double stddev = 1, double mean = 0);
template <class Real>
Tensor<Real> random_uniform(const Shape& shape, Random random, double low = 0, double high = 1);

}  // namespace carousel
