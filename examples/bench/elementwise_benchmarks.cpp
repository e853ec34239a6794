// Kernels that go over their arrays once: at best as fast as memory.
#include "examples/bench/benchmarks.h"

namespace carousel::bench {

namespace {

constexpr double tiny_factor = 1e-6;  // what is added to again and again stays small

void add_arithmetic(std::int64_t N, std::int64_t C) {
  const auto numbers = N * C;
  const auto shape = fmt::format("{}x{}", N, C);
  add_kernel("add", shape, moves(2 * numbers, numbers),
             [numbers](const Kernels<float>&) -> KernelCall {
               return [a = noise({numbers}), b = noise({numbers}), y = noise({numbers}),
                       numbers](const Kernels<float>& k) mutable {
                 k.add({.a = a.data(), .b = b.data(), .y = y.mutable_data(), .N = numbers});
               };
             });
  add_kernel(
      "add_scaled", shape, moves(2 * numbers, numbers),
      [numbers](const Kernels<float>&) -> KernelCall {
        return [x = noise({numbers}), y = noise({numbers}),
                numbers](const Kernels<float>& k) mutable {
          k.add_scaled({.x = x.data(), .y = y.mutable_data(), .N = numbers, .factor = tiny_factor});
        };
      });
  add_kernel("reduce_sum", shape, moves(numbers, 0), [N, C](const Kernels<float>&) -> KernelCall {
    return [x = noise({N, C}), y = noise({C}), N, C](const Kernels<float>& k) mutable {
      k.reduce_sum({.x = x.data(),
                    .y = y.mutable_data(),
                    .outer = 1,
                    .n = N,
                    .inner = C,
                    .factor = tiny_factor});
    };
  });
}

void add_channels(std::int64_t N, std::int64_t C) {
  const auto shape = fmt::format("{}x{}", N, C);
  add_kernel("channels_forward", shape, moves(N * C, N * C),
             [N, C](const Kernels<float>&) -> KernelCall {
               return [x = noise({N, C}), weight = noise({C}), y = noise({N, C}), N,
                       C](const Kernels<float>& k) mutable {
                 k.channels_forward({.x = x.data(),
                                     .weight = weight.data(),
                                     .bias = nullptr,
                                     .y = y.mutable_data(),
                                     .N = N,
                                     .C = C});
               };
             });
  add_kernel("channels_backward", shape, moves(3 * N * C, N * C),
             [N, C](const Kernels<float>&) -> KernelCall {
               return
                   [dy = noise({N, C}), x = noise({N, C}), weight = noise({C}), dx = noise({N, C}),
                    dweight = noise({C}), N, C](const Kernels<float>& k) mutable {
                     k.channels_backward({.dy = dy.data(),
                                          .x = x.data(),
                                          .weight = weight.data(),
                                          .dx = dx.mutable_data(),
                                          .dweight = dweight.mutable_data(),
                                          .dbias = nullptr,
                                          .N = N,
                                          .C = C});
                   };
             });
}

void add_activation(Activation f, std::int64_t N, std::int64_t C) {
  const auto numbers = N * C;
  const auto shape = fmt::format("{}/{}x{}", name(f), N, C);
  add_kernel("activation_forward", shape, moves(numbers, numbers),
             [f, numbers](const Kernels<float>&) -> KernelCall {
               return [x = noise({numbers}), y = noise({numbers}), f,
                       numbers](const Kernels<float>& k) mutable {
                 k.activation_forward({.f = f, .x = x.data(), .y = y.mutable_data(), .N = numbers});
               };
             });
  add_kernel(
      "activation_backward", shape, moves(3 * numbers, numbers),
      [f, numbers](const Kernels<float>&) -> KernelCall {
        return [dy = noise({numbers}), x = noise({numbers}), dx = noise({numbers}), f,
                numbers](const Kernels<float>& k) mutable {
          k.activation_backward(
              {.f = f, .dy = dy.data(), .x = x.data(), .dx = dx.mutable_data(), .N = numbers});
        };
      });
}

// The two halves of rows of 2 C numbers, as a gated feed-forward has them.
void add_gate(Activation f, std::int64_t N, std::int64_t C) {
  const auto shape = fmt::format("{}/{}x{}", name(f), N, C);
  add_kernel("gate_forward", shape, moves(2 * N * C, N * C),
             [f, N, C](const Kernels<float>&) -> KernelCall {
               return [x = noise({N, 2 * C}), y = noise({N, C}), f, N,
                       C](const Kernels<float>& k) mutable {
                 k.gate_forward({.f = f,
                                 .gate = x.data(),
                                 .x = x.data() + C,
                                 .y = y.mutable_data(),
                                 .N = N,
                                 .C = C,
                                 .stride = 2 * C});
               };
             });
  add_kernel("gate_backward", shape, moves(5 * N * C, 2 * N * C),
             [f, N, C](const Kernels<float>&) -> KernelCall {
               return [dy = noise({N, C}), x = noise({N, 2 * C}), dx = noise({N, 2 * C}), f, N,
                       C](const Kernels<float>& k) mutable {
                 k.gate_backward({.f = f,
                                  .dy = dy.data(),
                                  .gate = x.data(),
                                  .x = x.data() + C,
                                  .dgate = dx.mutable_data(),
                                  .dx = dx.mutable_data() + C,
                                  .N = N,
                                  .C = C,
                                  .stride = 2 * C});
               };
             });
}

// The first half of every row, as split takes it.
void add_strided(std::int64_t N, std::int64_t C) {
  add_kernel("strided_add", fmt::format("{}x{}of{}", N, C, 2 * C), moves(2 * N * C, N * C),
             [N, C](const Kernels<float>&) -> KernelCall {
               return [x = noise({N, 2 * C}), y = noise({N, C}), N,
                       C](const Kernels<float>& k) mutable {
                 k.strided_add({.x = x.data(),
                                .y = y.mutable_data(),
                                .shape = {N, C},
                                .x_stride = {2 * C, 1},
                                .y_stride = {C, 1}});
               };
             });
}

void add_optimizer(std::int64_t N) {
  add_kernel("adamw_step", fmt::format("{}", N), moves(4 * N, 3 * N),
             [N](const Kernels<float>&) -> KernelCall {
               return [gradient = noise({N}), parameter = noise({N}), m = noise({N}),
                       v = filled({N}, 1), squares = placed(Tensor<double>::from({1}, {4})),
                       factors = placed(
                           Tensor<double>::from({3}, adamw_factors(1e-5, 0.1, 0.9, 0.95, 10))),
                       N](const Kernels<float>& k) mutable {
                 k.adamw_step({.gradient = gradient.data(),
                               .parameter = parameter.mutable_data(),
                               .m = m.mutable_data(),
                               .v = v.mutable_data(),
                               .N = N,
                               .squares = squares.data(),
                               .max_norm = 1,
                               .factors = factors.data(),
                               .beta1 = 0.9,
                               .beta2 = 0.95,
                               .eps = 1e-8});
               };
             });
  add_kernel("sum_of_squares", fmt::format("{}", N), moves(N, 0),
             [N](const Kernels<float>&) -> KernelCall {
               return [x = noise({N}),
                       sum = placed(Tensor<double>::zeros({1}))](const Kernels<float>& k) mutable {
                 k.sum_of_squares({.x = x.data(), .sum = sum.mutable_data(), .N = x.numel()});
               };
             });
}

}  // namespace

void add_elementwise_benchmarks(const Batch& batch) {
  const auto N = batch.tokens();
  for (const std::int64_t d : {256, 512}) {
    const auto inner = 2 * d, up = 3 * d / 2;
    add_arithmetic(N, d);
    add_channels(N, inner);
    add_strided(N, inner);
    add_activation(Activation::silu, N, inner);
    add_gate(Activation::silu, N, inner);
    add_gate(Activation::gelu, N, up);
    add_optimizer(4 * d * d);
  }
  // What the cells' gates are made of.
  for (const auto f : {Activation::exp, Activation::log_sigmoid, Activation::sigmoid,
                       Activation::tanh, Activation::gelu}) {
    add_activation(f, N, 512);
  }
}

}  // namespace carousel::bench
