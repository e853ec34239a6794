// Kernels that do the same for every element: one thread takes 16 bytes of each array at a time.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "kernels/cuda/launch.h"

namespace carousel::cuda {

// Some neighbours of an array, read and written at once.
template <class Real, int width>
struct alignas(sizeof(Real) * width) Elements {
  Real at[width];
};

template <int width, class Real>
__device__ Elements<Real, width> load(const Real* p) {
  return *reinterpret_cast<const Elements<Real, width>*>(p);
}
template <int width, class Real>
__device__ void store(Real* p, const Elements<Real, width>& elements) {
  *reinterpret_cast<Elements<Real, width>*>(p) = elements;
}

namespace detail {

template <int width, class Body>
__global__ void each_kernel(Body body, std::int64_t n) {
  const std::int64_t threads = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t whole = n / width * width;
  for (std::int64_t i = thread * width; i < whole; i += threads * width)
    body.template run<width>(i);
  if (width > 1 && whole + thread < n) body.template run<1>(whole + thread);
}

inline bool aligned(std::initializer_list<const void*> arrays) {
  return std::all_of(arrays.begin(), arrays.end(), [](const void* array) {
    return reinterpret_cast<std::uintptr_t>(array) % 16 == 0;
  });
}

}  // namespace detail

// Elements in 16 bytes.
template <class Real>
constexpr int vector_width = static_cast<int>(16 / sizeof(Real));

// Whether arrays with rows of C elements can be taken 16 bytes at a time.
template <class Real>
bool in_vectors(std::int64_t C, std::initializer_list<const void*> arrays) {
  return C % vector_width<Real> == 0 && detail::aligned(arrays);
}

// Calls body.run<width>(i) for all i in [0, n), width elements at a time. `arrays` are those that
// it reads and writes with load and store. On the device no element may depend on another one.
template <class Real, class Body>
void for_each_element(std::int64_t n, std::initializer_list<const void*> arrays, const Body& body) {
  if (n == 0) return;
  constexpr int block = 256;
  constexpr int width = static_cast<int>(16 / sizeof(Real));
  const bool wide = detail::aligned(arrays);
  const std::int64_t groups = (n + (wide ? width : 1) - 1) / (wide ? width : 1);
  // More blocks than run at once; each thread strides from there.
  const auto grid =
      static_cast<unsigned>(std::min<std::int64_t>((groups + block - 1) / block, 4096));
  const auto kernel = wide ? detail::each_kernel<width, Body> : detail::each_kernel<1, Body>;
  launch(kernel, grid, block, 0, body, n);
}

}  // namespace carousel::cuda
