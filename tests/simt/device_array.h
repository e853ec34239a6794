// Device memory for a test, filled from the host and read back.
#pragma once

#include <cuda_runtime.h>

#include <vector>

#include "core/cuda/check.h"
#include "core/cuda/stream.h"

namespace carousel {

template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values) : n_(values.size()) {
    cuda::check(cudaMalloc(&data_, bytes()), "cudaMalloc");
    cuda::check(cudaMemcpy(data_, values.data(), bytes(), cudaMemcpyHostToDevice), "cudaMemcpy");
  }
  explicit DeviceArray(std::size_t n) : DeviceArray(std::vector<T>(n)) {}
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  T* data() const { return data_; }
  std::vector<T> values() const {
    std::vector<T> out(n_);
    cuda::check(cudaStreamSynchronize(cuda::stream()), "cudaStreamSynchronize");
    cuda::check(cudaMemcpy(out.data(), data_, bytes(), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return out;
  }

 private:
  std::size_t bytes() const { return n_ * sizeof(T); }
  std::size_t n_;
  T* data_ = nullptr;
};

}  // namespace carousel
