// What the GPU can do at most, measured: the peaks that its kernels and steps are compared with.
#pragma once

#include <functional>

#include "examples/bench/machine.h"

namespace carousel::bench {

// Seconds that one of n calls takes when they follow each other without a wait.
double gpu_seconds(int n, const std::function<void()>& call);

// So many calls that the wait after the last one does not count.
int gpu_calls(const std::function<void()>& call);

// On the device in use, which is a GPU. Of sizes that grow until a run is long enough.
double gpu_copy_rate();            // y = x: bytes per second, read and written
double gpu_product_rate();         // of float: operations per second, as cuBLAS multiplies
double gpu_narrow_product_rate();  // of bf16, on tensor cores

// Measured once per process: of what computes with float, and with bf16.
Peaks gpu_peaks();
Peaks gpu_narrow_peaks();

}  // namespace carousel::bench
