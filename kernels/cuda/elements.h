// Kernels that do the same for every element: one thread takes 16 bytes of each array at a time, of
// a wide one beside narrow ones 32. Whatever memory has, threads compute with wide numbers.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <type_traits>

#include "core/bf16.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/unroll.h"

namespace carousel::cuda {

// Some neighbours of an array, read and written at once.
template <class Real, int width>
struct alignas(std::min(sizeof(Real) * width, std::size_t{16})) Elements {
  Real at[width];
};

// x as memory has it: bit by bit what bf16(x) is.
template <class Real>
__device__ Real rounded(Wide<Real> x) {
  if constexpr (std::is_same_v<Real, bf16>) {
    bf16 y;
    y.bits = __bfloat16_as_ushort(__float2bfloat16_rn(x));
    return y;
  } else {
    return x;
  }
}

template <int width, class Real>
__device__ Elements<Wide<Real>, width> load(const Real* p) {
  const auto memory = *reinterpret_cast<const Elements<Real, width>*>(p);
  if constexpr (std::is_same_v<Real, Wide<Real>>) {
    return memory;
  } else {
    Elements<Wide<Real>, width> elements;
    CAROUSEL_UNROLL
    for (int k = 0; k < width; ++k) elements.at[k] = memory.at[k];
    return elements;
  }
}
template <int width, class Real>
__device__ void store(Real* p, const Elements<Wide<Real>, width>& elements) {
  Elements<Real, width> memory;
  CAROUSEL_UNROLL
  for (int k = 0; k < width; ++k) memory.at[k] = rounded<Real>(elements.at[k]);
  *reinterpret_cast<Elements<Real, width>*>(p) = memory;
}
template <int width, class Real>
__device__ void add_to(Real* p, const Elements<Wide<Real>, width>& elements) {
  auto sum = load<width>(p);
  for (int k = 0; k < width; ++k) sum.at[k] += elements.at[k];
  store(p, sum);
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

}  // namespace detail

// How many elements 16 bytes hold.
template <class Real>
constexpr int pack = static_cast<int>(16 / sizeof(Real));

// Whether rows of these lengths can be read and written in packs: all arrays begin at a multiple of
// 16 bytes, and no pack lies in two rows.
template <class Real>
bool packs_fit(std::initializer_list<const void*> arrays,
               std::initializer_list<std::int64_t> lengths = {}) {
  return std::all_of(
             arrays.begin(), arrays.end(),
             [](const void* array) { return reinterpret_cast<std::uintptr_t>(array) % 16 == 0; }) &&
         std::all_of(lengths.begin(), lengths.end(),
                     [](std::int64_t length) { return length % pack<Real> == 0; });
}

// Calls body.run<width>(i) for all i in [0, n), width elements at a time. `arrays` are those that
// it reads and writes with load and store; where these are matrices, `lengths` are those of their
// rows, and width elements lie in one row. On the device no element may depend on another one.
template <class Real, class Body>
void for_each_element(std::int64_t n, std::initializer_list<const void*> arrays, const Body& body,
                      std::initializer_list<std::int64_t> lengths = {}) {
  if (n == 0) return;
  constexpr int block = 256;
  const bool wide = packs_fit<Real>(arrays, lengths);
  const int width = wide ? pack<Real> : 1;
  const std::int64_t groups = (n + width - 1) / width;
  // More blocks than run at once; each thread strides from there.
  const auto grid =
      static_cast<unsigned>(std::min<std::int64_t>((groups + block - 1) / block, 4096));
  const auto kernel = wide ? detail::each_kernel<pack<Real>, Body> : detail::each_kernel<1, Body>;
  launch(kernel, grid, block, 0, body, n);
}

}  // namespace carousel::cuda
