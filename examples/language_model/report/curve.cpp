#include "examples/language_model/report/curve.h"

#include <algorithm>

namespace carousel::program {

namespace {

// Adds the points at these places, in rising order and each once.
void add_points(Curve& to, const Curve& from, std::vector<std::size_t> places) {
  std::ranges::sort(places);
  places.erase(std::unique(places.begin(), places.end()), places.end());
  for (const std::size_t i : places) to.add(from.steps[i], from.values[i]);
}

}  // namespace

Curve thin(const Curve& curve, std::size_t points) {
  if (curve.size() <= points) return curve;
  const auto stretches = static_cast<double>(std::max<std::size_t>(points / 4, 1));
  const auto first = static_cast<double>(curve.steps.front());
  const double length = static_cast<double>(curve.steps.back()) - first + 1;
  const auto stretch_of = [&](std::size_t i) {
    return static_cast<std::int64_t>((static_cast<double>(curve.steps[i]) - first) / length *
                                     stretches);
  };

  Curve thinned;
  for (std::size_t begin = 0, end = 0; begin < curve.size(); begin = end) {
    std::size_t lowest = begin, highest = begin;
    for (end = begin; end < curve.size() && stretch_of(end) == stretch_of(begin); ++end) {
      if (curve.values[end] < curve.values[lowest]) lowest = end;
      if (curve.values[end] > curve.values[highest]) highest = end;
    }
    add_points(thinned, curve, {begin, lowest, highest, end - 1});
  }
  return thinned;
}

Curve smooth(const Curve& curve) {
  const double points = std::max(1.0, static_cast<double>(curve.size()) / 50);
  const double beta = 1 - 1 / points;
  Curve result;
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    sum = beta * sum + curve.values[i];
    weights = beta * weights + 1;
    result.add(curve.steps[i], sum / weights);
  }
  return result;
}

}  // namespace carousel::program
