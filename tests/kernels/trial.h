// One call of a kernel with random sizes, options and contents.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "core/tensor.h"

namespace carousel {

// Draws what the arguments of a kernel consist of, and keeps its memory. Two trials of the same
// Random draw the same sizes, options and contents if they are asked for the same, whatever their
// Real: contents are numbers that single precision holds.
template <class Real>
class Trial {
 public:
  // Neighbours of a trial differ from it, and from each other, in the last place of its contents.
  explicit Trial(Random random, std::uint64_t neighbour = 0, Device device = Device::cpu)
      : random_(random), neighbour_(neighbour), device_(device) {}

  // A trial in double of what runs before the kernel: the forward pass of a backward kernel.
  Trial<double>& earlier();

  // Sizes of all kinds: small primes, multiples of 8 and their neighbours, any up to `usual`, and
  // one time in eight up to four times as many.
  std::int64_t size(std::int64_t usual);
  std::int64_t length();  // of what has one axis: from 1 to several chunks of a parallel loop
  bool flip() { return choice(2) == 1; }
  std::int64_t choice(std::int64_t bound);  // in [0, bound)

  // What a kernel reads: normal numbers. `optional` is null one time in two.
  const Real* input(std::int64_t n, double stddev = 1, double mean = 0);
  const Real* optional(std::int64_t n, double stddev = 1, double mean = 0);
  const std::int32_t* integers(std::int64_t n, std::int64_t low, std::int64_t high);  // [low, high)
  std::int64_t count_from_zero() const;  // of the integers drawn last, those that are not negative
  const std::int32_t* resets(std::int64_t n);  // one place in six; null one time in two

  // What another kernel computed in double, rounded to Real: in double it stays consistent with the
  // inputs, on which formulas that are equal only for true results of the forward pass rely.
  const Real* rounded(const double* x, std::int64_t n);
  const std::int32_t* copied(const std::int32_t* x, std::int64_t n);

  // What a kernel writes: results that start undefined, results that are added to or updated and
  // start from normal numbers, those that are null one time in four, and a workspace.
  Real* output(std::int64_t n);
  Real* sum(std::int64_t n, double stddev = 1, double mean = 0);
  Real* wanted(std::int64_t n) { return choice(4) == 0 ? nullptr : sum(n); }
  double* double_sum();
  Real* workspace(std::int64_t n);

  // The results so far, in the order in which they were asked for.
  std::vector<Tensor<double>> results() const;

  // The sizes and choices so far.
  std::string drawn() const;

 private:
  std::int64_t below(std::int64_t bound);
  Tensor<Real> normal(std::int64_t n, double stddev, double mean);

  Random random_;
  std::uint64_t neighbour_, next_ = 0;
  Device device_;
  std::string drawn_;
  std::vector<Tensor<Real>> memory_, results_;
  std::vector<Tensor<double>> double_results_;
  std::vector<Tensor<std::int32_t>> integers_;
  std::unique_ptr<Trial<double>> earlier_;
};

}  // namespace carousel
