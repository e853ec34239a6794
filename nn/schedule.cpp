#include "nn/schedule.h"

#include <cmath>
#include <numbers>

namespace carousel {

double learning_rate(const Schedule& schedule, std::int64_t k) {
  const double step = static_cast<double>(k), warmup = static_cast<double>(schedule.warmup);
  if (k < schedule.warmup) return schedule.peak * (step + 1) / warmup;
  if (schedule.decay == Decay::constant) return schedule.peak;
  const double progress = (step - warmup) / (static_cast<double>(schedule.steps) - warmup);
  return schedule.floor +
         (schedule.peak - schedule.floor) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace carousel
