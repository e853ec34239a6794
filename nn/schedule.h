// Learning-rate schedules.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

namespace carousel {

enum class Decay { constant, cosine, linear };

// What users call the schedules. wsd: warm-up, stable, decay.
constexpr auto words(Decay) {
  return std::array{std::pair{"cosine", Decay::cosine}, std::pair{"constant", Decay::constant},
                    std::pair{"wsd", Decay::linear}};
}

struct Schedule {
  double peak = 1e-3;       // learning rate after the warm-up
  double floor = 0;         // learning rate after the decay
  std::int64_t warmup = 0;  // steps
  std::int64_t steps = 1;   // in all, the warm-up included
  Decay decay = Decay::cosine;
  std::int64_t decay_steps = 0;  // the last ones, in which the linear decay happens
};

// The learning rate of step k = 0, 1, …, with W = warmup and D = decay_steps:
//
//   k < W:     peak · (k + 1) / W
//   cosine:    floor + (peak − floor) · (1 + cos(π (k − W) / (steps − W))) / 2
//   linear:    floor + (peak − floor) · min(1, (steps − k) / D): warm-up, stable, decay (Hu et al.
//              2024, "MiniCPM", section 4), with the linear decay of Hägele et al. 2024
//   constant:  peak
//
// After the last step a schedule that decays stays at the floor.
double learning_rate(const Schedule& schedule, std::int64_t k);

}  // namespace carousel
