// Curve: a quantity over the steps of a run.
#pragma once

#include <cstdint>
#include <vector>

namespace carousel::program {

struct Curve {
  std::vector<std::int64_t> steps;  // rising
  std::vector<double> values;

  std::size_t size() const { return steps.size(); }
  void add(std::int64_t step, double value) {
    steps.push_back(step);
    values.push_back(value);
  }
};

// The curve itself when it has at most `points`. Else about as many of its points: of every equally
// long stretch of steps the first, the lowest, the highest and the last, so that a picture that is
// as many pixels wide looks the same.
Curve thin(const Curve& curve, std::size_t points);

// The exponential moving average s_t = Σ_k β^k x_(t−k) / Σ_k β^k over a 50th of the curve,
// 1/(1 − β) points.
Curve smooth(const Curve& curve);

}  // namespace carousel::program
