// One call of a kernel with random sizes, options and contents.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/bf16.h"
#include "core/random.h"
#include "core/tensor.h"

namespace carousel {

// The random numbers of a trial, and what they are for.
struct Draws {
  Random random;
  // Neighbours of a trial differ from it, and from each other, in the last place of its contents.
  std::uint64_t neighbour = 0;
  Device device = Device::cpu;
  bool of_bf16 = false;  // contents that are not wide are numbers that bf16 holds, whatever Real is
  std::uint64_t next = 0;
  std::string drawn{};

  std::int64_t below(std::int64_t bound);   // in [0, bound)
  std::int64_t choice(std::int64_t bound);  // the same, and noted
};

// What a kernel did, in the order in which the arrays were asked for.
struct TrialResult {
  Tensor<double> values;
  bool wide;
};

// Draws arrays of T, and keeps their memory. Contents are numbers that single precision holds;
// those of a trial of bf16 are numbers that bf16 holds, unless the arrays are wide.
template <class T>
class Arrays {
 public:
  Arrays(Draws& draws, bool wide) : draws_(draws), wide_(wide) {}

  // What a kernel reads: normal numbers. `optional` is null one time in two.
  const T* input(std::int64_t n, double stddev = 1, double mean = 0);
  const T* optional(std::int64_t n, double stddev = 1, double mean = 0);

  // What another kernel computed in double, rounded to T: in double it stays consistent with the
  // inputs, on which formulas that are equal only for true results of the forward pass rely. In a
  // trial of bf16 it is rounded for all, unless it is wide.
  const T* rounded(const double* x, std::int64_t n);

  // What a kernel writes: results that start undefined, results that are added to or updated and
  // start from normal numbers, those that are null one time in four, and a workspace.
  T* output(std::int64_t n);
  T* sum(std::int64_t n, double stddev = 1, double mean = 0);
  T* wanted(std::int64_t n) { return draws_.choice(4) == 0 ? nullptr : sum(n); }
  T* workspace(std::int64_t n);

  void add_results(std::vector<TrialResult>& all) const;

 private:
  Tensor<T> normal(std::int64_t n, double stddev, double mean);
  template <class Value>
  Tensor<T> filled(std::int64_t n, double last_place, const Value& value);

  Draws& draws_;
  bool wide_;
  std::vector<Tensor<T>> memory_, results_;
};

// Draws what the arguments of a kernel consist of. Two trials of the same Random draw the same
// sizes, options and contents if they are asked for the same, whatever their Real. The arrays are
// those of activations, wide() draws those that do not lose digits in bf16.
template <class Real>
class Trial : private Draws, public Arrays<Real> {
 public:
  explicit Trial(const Draws& draws)
      : Draws(draws), Arrays<Real>(*this, false), wide_(*this, true) {}

  Trial(const Trial&) = delete;

  // A trial in double of what runs before the kernel: the forward pass of a backward kernel.
  Trial<double>& earlier();

  // Sizes of all kinds: small primes, multiples of 8 and their neighbours, any up to `usual`, and
  // one time in eight up to four times as many.
  std::int64_t size(std::int64_t usual);
  std::int64_t length();  // of what has one axis: from 1 to several chunks of a parallel loop
  bool flip() { return choice(2) == 1; }
  using Draws::choice;

  Arrays<Wide<Real>>& wide() { return wide_; }
  const std::int32_t* integers(std::int64_t n, std::int64_t low, std::int64_t high);  // [low, high)
  std::int64_t count_from_zero() const;  // of the integers drawn last, those that are not negative
  const double* doubles(std::span<const double> values);
  const std::int32_t* resets(std::int64_t n);  // one place in six; null one time in two
  const std::int32_t* copied(const std::int32_t* x, std::int64_t n);
  double* double_sum();

  // The results so far: those of activations, the wide ones, those in double.
  std::vector<TrialResult> results() const;

  // The sizes and choices so far.
  std::string sizes_and_choices() const;

 private:
  Arrays<Wide<Real>> wide_;
  std::vector<Tensor<double>> doubles_, double_results_;
  std::vector<Tensor<std::int32_t>> integers_;
  std::unique_ptr<Trial<double>> earlier_;
};

}  // namespace carousel
