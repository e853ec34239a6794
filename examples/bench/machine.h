// What this machine can do at most, measured: the peaks that kernels and steps are compared with.
#pragma once

#include <cstdint>

namespace carousel::bench {

// Loops that do nothing but what they are named for, with AVX2 and FMA and on threads() threads.
// All return 0 on a machine without AVX2.

// Floating-point operations per second, two per fused multiply-add of floats, on the registers of
// the backend in use, AVX-512's or AVX2's: the threads' medians over many short runs, added up.
double fma_rate();

// Bytes per second of the fastest run, read and written.
double read_rate(std::int64_t bytes, int runs = 12);    // Σ x
double update_rate(std::int64_t bytes, int runs = 12);  // x = factor · x
double copy_rate(std::int64_t bytes, int runs = 12);    // y = x
double triad_rate(std::int64_t bytes, int runs = 12);   // y = x + factor · z

// Far more than any cache holds.
inline constexpr std::int64_t memory_bytes = std::int64_t{512} << 20;

// Measured once per process, thread count and kind of registers, when first asked for.
struct Peaks {
  double flops;   // per second
  double read;    // bytes from memory per second
  double update;  // bytes from and to memory per second: reads and writes can go on side by side
};
// Of the engine in use.
Peaks peaks();

// The chains of fused multiply-adds of a loop that measures the peak: two pipes, four to five
// cycles each, and some to spare. The loop on AVX-512 registers; only where the backend avx512 is
// available.
inline constexpr std::int64_t fma_chains = 12;
float fma_loop_avx512(std::int64_t rounds);

}  // namespace carousel::bench
