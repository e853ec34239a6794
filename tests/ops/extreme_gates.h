// Gates far beyond where exp overflows or a sigmoid is 0 or 1.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "tests/check_op.h"
#include "tests/ops/cells.h"

namespace carousel {

constexpr std::array extremes{-1e4, -200.0, -90.0, -88.8, 0.0, 88.8, 90.0, 200.0, 1e4};

// One unit for each pair of extremes, which its gates i and f keep for all S steps.
template <class Real>
void set_pairs(Recurrent<Real>& r) {
  constexpr std::size_t pairs = extremes.size() * extremes.size();
  for (std::int64_t at = 0; at < r.sequences[0].numel(); ++at) {
    const auto pair = static_cast<std::size_t>(at) % pairs;
    r.sequences[0].mutable_data()[at] = static_cast<Real>(extremes[pair / extremes.size()]);
    r.sequences[1].mutable_data()[at] = static_cast<Real>(extremes[pair % extremes.size()]);
  }
}

// An extreme drawn anew for every gate i and f of every step.
template <class Real>
void set_mixed(Recurrent<Real>& r) {
  for (std::size_t gate = 0; gate < 2; ++gate) {
    for (std::int64_t at = 0; at < r.sequences[gate].numel(); ++at) {
      const auto pick = Random{gate}.below(extremes.size(), static_cast<std::uint64_t>(at));
      r.sequences[gate].mutable_data()[at] = static_cast<Real>(extremes[pick]);
    }
  }
}

template <class Real>
void check_finite(const Outcome<Real>& outcome) {
  for (const auto* tensors : {&outcome.outputs, &outcome.gradients}) {
    for (std::size_t i = 0; i < tensors->size(); ++i) {
      INFO("an output, not a gradient: ", tensors == &outcome.outputs, ", number ", i);
      const auto values = (*tensors)[i].values();
      CHECK(std::all_of(values.begin(), values.end(), [](Real x) { return std::isfinite(x); }));
    }
  }
}

inline std::vector<Tensor<double>> to_double(const std::vector<Tensor<float>>& tensors) {
  std::vector<Tensor<double>> result;
  for (const auto& tensor : tensors) result.push_back(tensor.to<double>());
  return result;
}

// make.operator()<Real>(sizes) is a problem of one of the cells.
template <class Make>
void check_extreme_gates(const Make& make, std::int64_t S) {
  const CellSizes sizes{1, S, 27, 3};  // a unit for each of the 81 pairs
  auto single = make.template operator()<float>(sizes);
  auto twice = make.template operator()<double>(sizes);
  for (const bool zero_state : {false, true}) {
    INFO("from zero: ", zero_state);
    if (zero_state) single.state.clear();
    set_mixed(single);
    check_finite(run(single));
    set_pairs(single);
    check_finite(run(single));

    // Without R, which would add numbers of size 1 to gates of size 1e4, whose last float digit is
    // 1e-3, float has to reach double up to its own roundings.
    auto without = single;
    for (auto& weight : without.weights) weight = Tensor<float>::zeros(weight.shape());
    twice.sequences = to_double(without.sequences);
    twice.weights = to_double(without.weights);
    twice.state = to_double(without.state);
    const auto low = run(without);
    const auto high = run(twice);
    check_finite(low);
    check_finite(high);
    CHECK(worst_error(to_double(low.outputs), high.outputs) <= 1e-5);
    // The gradients of a unit that forgets nothing collect a rounding from every step.
    const double collected = 6e-8 * static_cast<double>(S);
    CHECK(worst_error(to_double(low.gradients), high.gradients) <= 1e-5 + collected);
  }
}

}  // namespace carousel
