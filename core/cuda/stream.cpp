#include "core/cuda/stream.h"

#include "core/cuda/check.h"

namespace carousel::cuda {

cudaStream_t stream() {
  static const cudaStream_t one = [] {
    cudaStream_t made = nullptr;
    check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "device cuda: stream");
    return made;
  }();
  return one;
}

}  // namespace carousel::cuda
