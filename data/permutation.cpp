#include "data/permutation.h"

#include "core/error.h"

namespace carousel {

Permutation::Permutation(std::uint64_t n, Random random) : n_(n), random_(random) {
  CAROUSEL_CHECK(n >= 1 && n <= std::uint64_t{1} << 62, "permutation: got {}, want 1 to 2^62", n);
  while (std::uint64_t{1} << 2 * half_bits_ < n) ++half_bits_;
}

std::uint64_t Permutation::operator()(std::uint64_t i) const {
  do {
    i = mix(i);
  } while (i >= n_);
  return i;
}

// (left, right) → (right, left ⊕ F_round(right)), of which every step can be undone.
std::uint64_t Permutation::mix(std::uint64_t value) const {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  std::uint64_t left = value >> half_bits_, right = value & mask;
  for (std::uint64_t round = 0; round < 6; ++round) {
    const std::uint64_t next = left ^ (random_.bits(round << 32 | right) & mask);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

}  // namespace carousel
