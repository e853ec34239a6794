#include <algorithm>
#include <cmath>

#include "core/tensor.h"
#include "kernels/adamw.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/team.h"

namespace carousel::cuda {

namespace {

// 28 bytes per element in single precision: four arrays read, three written.
template <class Real>
struct Step {
  const Real* gradient;
  Real *parameter, *m, *v;
  const double *squares, *factors;  // in the cache, but for the first time
  double max_norm;
  Real beta1, beta2, one_minus_beta1, one_minus_beta2, eps;

  explicit Step(const AdamWStep<Real>& a)
      : gradient(a.gradient),
        parameter(a.parameter),
        m(a.m),
        v(a.v),
        squares(a.squares),
        factors(a.factors),
        max_norm(a.max_norm),
        beta1(static_cast<Real>(a.beta1)),
        beta2(static_cast<Real>(a.beta2)),
        one_minus_beta1(static_cast<Real>(1 - a.beta1)),
        one_minus_beta2(static_cast<Real>(1 - a.beta2)),
        eps(static_cast<Real>(a.eps)) {}

  template <int width>
  __device__ void run(std::int64_t i) const {
    const double sum = squares == nullptr ? 0 : *squares;
    if (!std::isfinite(sum)) return;
    const Real decay = static_cast<Real>(factors[0]), rate = static_cast<Real>(factors[1]);
    const Real correction = static_cast<Real>(factors[2]);
    const Real scale =
        max_norm > 0 ? static_cast<Real>(std::fmin(1.0, max_norm / (std::sqrt(sum) + 1e-6))) : 1;
    const auto g = load<width>(gradient + i);
    auto theta = load<width>(parameter + i), first = load<width>(m + i),
         second = load<width>(v + i);
    for (int k = 0; k < width; ++k) {
      const Real scaled = scale * g.at[k];
      first.at[k] = beta1 * first.at[k] + one_minus_beta1 * scaled;
      second.at[k] = beta2 * second.at[k] + one_minus_beta2 * scaled * scaled;
      const Real step = rate * first.at[k] / (std::sqrt(second.at[k]) / correction + eps);
      theta.at[k] = decay * theta.at[k] - step;
    }
    store(m + i, first);
    store(v + i, second);
    store(parameter + i, theta);
  }
};

constexpr unsigned block = 512;

// partial: one number per block
template <int width, class Real>
__global__ void squares_kernel(const Real* x, std::int64_t N, double* partial) {
  SharedMemory shared;
  const auto scratch = shared.take<double>(most_warps);
  const std::int64_t threads = std::int64_t{gridDim.x} * blockDim.x;
  const std::int64_t thread = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const std::int64_t whole = N / width * width;
  double sum = 0;
  const auto add = [&](Real value) {
    const double wide = static_cast<double>(value);
    sum += wide * wide;
  };
  for (std::int64_t i = thread * width; i < whole; i += threads * width) {
    const auto values = load<width>(x + i);
    for (int k = 0; k < width; ++k) add(values.at[k]);
  }
  if (whole + thread < N) add(x[whole + thread]);
  sum = team_sum(sum, scratch);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

}  // namespace

template <class Real>
void adamw_step(const AdamWStep<Real>& a) {
  for_each_element<Real>(a.N, {a.gradient, a.parameter, a.m, a.v}, Step<Real>(a));
}

// Each thread adds up every so many packs, a block its threads, reduce_sum the blocks.
template <class Real>
void sum_of_squares(const SumOfSquares<Real>& a) {
  if (a.N == 0) return;
  constexpr std::int64_t most_blocks = 1024, per_thread = 4;
  const bool wide = packs_fit<Real>({a.x});
  const std::int64_t per_block = block * per_thread * pack<Real>;
  const std::int64_t blocks = std::min((a.N + per_block - 1) / per_block, most_blocks);
  Tensor<double> partial({blocks}, Device::cuda);
  launch(wide ? squares_kernel<pack<Real>, Real> : squares_kernel<1, Real>,
         static_cast<unsigned>(blocks), block, shared_bytes<double>(most_warps), a.x, a.N,
         partial.mutable_data());
  reduce_sum(ReduceSum<double>{
      .x = partial.data(), .y = a.sum, .outer = 1, .n = blocks, .inner = 1, .factor = 1});
}

template void adamw_step(const AdamWStep<float>&);
template void adamw_step(const AdamWStep<double>&);
template void sum_of_squares(const SumOfSquares<float>&);
template void sum_of_squares(const SumOfSquares<double>&);

}  // namespace carousel::cuda
