// Permutation: a random order of 0 … n − 1 of which any place can be asked for, and nothing is
// stored.
#pragma once

#include <cstdint>

#include "core/random.h"

namespace carousel {

// A Feistel network (Luby and Rackoff 1988, "How to construct pseudorandom permutations from
// pseudorandom functions"), of six rounds on 2b bits, the smallest even number with n ≤ 2^2b, and
// cycle walking (Black and Rogaway 2002, "Ciphers with arbitrary finite domains"): a result that is
// not below n is put in again. As 2^2b < 4n, that takes fewer than four rounds on average.
class Permutation {
 public:
  // Another stream, another order. n is at least 1 and at most 2^62.
  Permutation(std::uint64_t n, Random random);

  std::uint64_t operator()(std::uint64_t i) const;  // i < n

 private:
  std::uint64_t mix(std::uint64_t value) const;

  std::uint64_t n_;
  int half_bits_ = 0;
  Random random_;
};

}  // namespace carousel
