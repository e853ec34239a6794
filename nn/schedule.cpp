#include "nn/schedule.h"

#include <cmath>
#include <numbers>

namespace carousel {

double learning_rate(const Schedule& schedule, std::int64_t k) {
  const auto& [peak, floor, warmup, steps, decay, decay_steps] = schedule;
  if (k < warmup) return peak * static_cast<double>(k + 1) / static_cast<double>(warmup);
  if (decay == Decay::constant) return peak;
  if (k >= steps) return floor;
  if (decay == Decay::linear) {
    const std::int64_t left = steps - k;
    if (left >= decay_steps) return peak;
    return floor + (peak - floor) * static_cast<double>(left) / static_cast<double>(decay_steps);
  }
  const double progress = static_cast<double>(k - warmup) / static_cast<double>(steps - warmup);
  return floor + (peak - floor) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace carousel
