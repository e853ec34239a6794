// The time that training or decode steps of a saved model take, for programs that compare.
#pragma once

#include <cstdint>
#include <filesystem>

#include "examples/language_model/options/options.h"

namespace carousel::bench {

struct TimingOptions {
  std::filesystem::path model;
  std::filesystem::path tokens;  // bytes, each a token
  std::int64_t batch = 8;
  std::int64_t length = 256;
  int warmup = 1;  // steps that are made before those that count
  int steps = 3;
  Device device = Device::cpu;
  program::Dtype dtype = program::Dtype::float32;  // or bf16
  bool cuda_graph = true;
};

// Trains on the first windows of the tokens, B of length S, the same in every step. Prints one line
// of JSON: losses (one per step, before it, those of the warm-up included), seconds (one per timed
// step), tokens and flops (of a step; see work.h), backend (or device cuda) and threads.
int time_training(const TimingOptions& options);

// Reads warmup + steps tokens one by one, batch 1, with the state carried along. Prints the same
// but flops, where the one loss is the mean over the predictions of the next token, and the one
// time and the tokens are those of all timed steps.
int time_decoding(const TimingOptions& options);

}  // namespace carousel::bench
