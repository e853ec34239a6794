// Learning-rate schedules.
#pragma once

#include <cstdint>

namespace carousel {

enum class Decay { constant, cosine };

struct Schedule {
  double peak = 1e-3;       // learning rate after the warm-up
  double floor = 0;         // learning rate that the cosine ends at
  std::int64_t warmup = 0;  // steps
  std::int64_t steps = 1;   // in all, the warm-up included
  Decay decay = Decay::cosine;
};

// The learning rate of step k = 0, 1, …, with W = warmup:
//
//   k < W:     peak · (k + 1) / W
//   cosine:    floor + (peak − floor) · (1 + cos(π (k − W) / (steps − W))) / 2
//   constant:  peak
//
// After the last step the cosine stays at the floor.
double learning_rate(const Schedule& schedule, std::int64_t k);

}  // namespace carousel
