// Kernels that work on the rows of tokens: norms, losses, tables, convolutions, block-diagonal
// maps.
#include <algorithm>

#include "examples/bench/benchmarks.h"

namespace carousel::bench {

namespace {

Tensor<std::int32_t> ids(std::int64_t N, std::int64_t V) {
  Tensor<std::int32_t> result({N});
  const Random random{.seed = 2};
  for (std::int64_t i = 0; i < N; ++i) {
    result.mutable_data()[i] = static_cast<std::int32_t>(
        random.below(static_cast<std::uint64_t>(V), static_cast<std::uint64_t>(i)));
  }
  return placed(result);
}

void add_layer_norm(std::int64_t N, std::int64_t G, std::int64_t C) {
  const auto shape = fmt::format("{}x{}x{}", N, G, C);
  add_kernel("layer_norm_forward", shape, moves(N * G * C, N * G * C),
             [N, G, C](const Kernels<float>&) -> KernelCall {
               return [x = noise({N, G, C}), weight = noise({G, C}), y = noise({N, G, C}),
                       mean = noise({N, G}), rstd = noise({N, G}), N, G,
                       C](const Kernels<float>& k) mutable {
                 k.layer_norm_forward({.x = x.data(),
                                       .weight = weight.data(),
                                       .bias = nullptr,
                                       .y = y.mutable_data(),
                                       .mean = mean.mutable_data(),
                                       .rstd = rstd.mutable_data(),
                                       .N = N,
                                       .G = G,
                                       .C = C,
                                       .eps = 1e-5,
                                       .weight_offset = 1});
               };
             });
  add_kernel("layer_norm_backward", shape, moves(3 * N * G * C, N * G * C),
             [N, G, C](const Kernels<float>&) -> KernelCall {
               return [dy = noise({N, G, C}), x = noise({N, G, C}), weight = noise({G, C}),
                       mean = filled({N, G}, 0), rstd = filled({N, G}, 2), dx = noise({N, G, C}),
                       dweight = noise({G, C}), N, G, C](const Kernels<float>& k) mutable {
                 k.layer_norm_backward({.dy = dy.data(),
                                        .x = x.data(),
                                        .weight = weight.data(),
                                        .mean = mean.data(),
                                        .rstd = rstd.data(),
                                        .dx = dx.mutable_data(),
                                        .dweight = dweight.mutable_data(),
                                        .dbias = nullptr,
                                        .N = N,
                                        .G = G,
                                        .C = C,
                                        .weight_offset = 1});
               };
             });
}

void add_rms_norm(std::int64_t N, std::int64_t C) {
  const auto shape = fmt::format("{}x1x{}", N, C);
  add_kernel("rms_norm_forward", shape, moves(N * C, N * C),
             [N, C](const Kernels<float>&) -> KernelCall {
               return [x = noise({N, C}), weight = noise({C}), y = noise({N, C}), rrms = noise({N}),
                       N, C](const Kernels<float>& k) mutable {
                 k.rms_norm_forward({.x = x.data(),
                                     .weight = weight.data(),
                                     .bias = nullptr,
                                     .y = y.mutable_data(),
                                     .rrms = rrms.mutable_data(),
                                     .N = N,
                                     .G = 1,
                                     .C = C,
                                     .eps = 1e-5,
                                     .weight_offset = 0});
               };
             });
  add_kernel("rms_norm_backward", shape, moves(3 * N * C, N * C),
             [N, C](const Kernels<float>&) -> KernelCall {
               return [dy = noise({N, C}), x = noise({N, C}), weight = noise({C}),
                       rrms = filled({N}, 2), dx = noise({N, C}), dweight = noise({C}), N,
                       C](const Kernels<float>& k) mutable {
                 k.rms_norm_backward({.dy = dy.data(),
                                      .x = x.data(),
                                      .weight = weight.data(),
                                      .rrms = rrms.data(),
                                      .dx = dx.mutable_data(),
                                      .dweight = dweight.mutable_data(),
                                      .dbias = nullptr,
                                      .N = N,
                                      .G = 1,
                                      .C = C,
                                      .weight_offset = 0});
               };
             });
}

void add_cross_entropy(std::int64_t N, std::int64_t V) {
  const auto shape = fmt::format("{}x{}", N, V);
  const auto forward = [N, V](const Kernels<float>& k, const Tensor<float>& logits,
                              const Tensor<std::int32_t>& targets, Tensor<float>& max,
                              Tensor<float>& log_sum, Tensor<float>& losses) {
    Tensor<float> loss({1}, device_in_use());
    k.cross_entropy_forward({.logits = logits.data(),
                             .targets = targets.data(),
                             .max = max.mutable_data(),
                             .log_sum = log_sum.mutable_data(),
                             .losses = losses.mutable_data(),
                             .loss = loss.mutable_data(),
                             .N = N,
                             .V = V,
                             .counted = N});
  };
  add_kernel("cross_entropy_forward", shape, moves(N * V, 0),
             [N, V, forward](const Kernels<float>&) -> KernelCall {
               return [logits = noise({N, V}), targets = ids(N, V), max = noise({N}),
                       log_sum = noise({N}), losses = noise({N}),
                       forward](const Kernels<float>& k) mutable {
                 forward(k, logits, targets, max, log_sum, losses);
               };
             });
  add_kernel("cross_entropy_backward", shape, moves(2 * N * V, N * V),
             [N, V, forward](const Kernels<float>& given) -> KernelCall {
               auto logits = noise({N, V}), max = noise({N}), log_sum = noise({N});
               auto losses = noise({N});
               const auto targets = ids(N, V);
               forward(given, logits, targets, max, log_sum, losses);
               return [logits, targets, max, log_sum, dlogits = noise({N, V}),
                       dloss = filled({1}, 1), N, V](const Kernels<float>& k) mutable {
                 k.cross_entropy_backward({.dloss = dloss.data(),
                                           .logits = logits.data(),
                                           .targets = targets.data(),
                                           .max = max.data(),
                                           .log_sum = log_sum.data(),
                                           .dlogits = dlogits.mutable_data(),
                                           .N = N,
                                           .V = V,
                                           .counted = N});
               };
             });
}

void add_embedding(std::int64_t N, std::int64_t V, std::int64_t C) {
  const auto shape = fmt::format("{}x{}of{}", N, C, V);
  const auto used = std::min(N, V) * C;  // of the table, at most
  add_kernel(
      "embedding_forward", shape, moves(used, N * C),
      [N, V, C](const Kernels<float>&) -> KernelCall {
        return [rows = ids(N, V), weight = noise({V, C}), y = noise({N, C}), N,
                C](const Kernels<float>& k) mutable {
          k.embedding_forward(
              {.ids = rows.data(), .weight = weight.data(), .y = y.mutable_data(), .N = N, .C = C});
        };
      });
  add_kernel("embedding_backward", shape, moves(N * C + used, used),
             [N, V, C](const Kernels<float>&) -> KernelCall {
               return [rows = ids(N, V), dy = noise({N, C}), dweight = noise({V, C}), N, C,
                       V](const Kernels<float>& k) mutable {
                 k.embedding_backward({.ids = rows.data(),
                                       .dy = dy.data(),
                                       .dweight = dweight.mutable_data(),
                                       .N = N,
                                       .C = C,
                                       .V = V});
               };
             });
}

void add_conv1d(const Batch& batch, std::int64_t C) {
  constexpr std::int64_t KS = 4;
  const auto B = batch.B, S = batch.S;
  const auto shape = fmt::format("{}x{}x{}", B, S, C);
  add_kernel("conv1d_forward", shape, moves(B * S * C, B * S * C),
             [B, S, C](const Kernels<float>&) -> KernelCall {
               return [x = noise({B, S, C}), weight = noise({C, KS}), bias = noise({C}),
                       y = noise({B, S, C}), last = noise({B, KS - 1, C}), B, S,
                       C](const Kernels<float>& k) mutable {
                 k.conv1d_forward({.x = x.data(),
                                   .weight = weight.data(),
                                   .bias = bias.data(),
                                   .state = nullptr,
                                   .reset = nullptr,
                                   .y = y.mutable_data(),
                                   .last = last.mutable_data(),
                                   .B = B,
                                   .S = S,
                                   .C = C,
                                   .KS = KS});
               };
             });
  add_kernel("conv1d_backward", shape, moves(3 * B * S * C, B * S * C),
             [B, S, C](const Kernels<float>&) -> KernelCall {
               return [dy = noise({B, S, C}), dlast = noise({B, KS - 1, C}), x = noise({B, S, C}),
                       weight = noise({C, KS}), dx = noise({B, S, C}), dweight = noise({C, KS}), B,
                       S, C](const Kernels<float>& k) mutable {
                 k.conv1d_backward({.dy = dy.data(),
                                    .dlast = dlast.data(),
                                    .x = x.data(),
                                    .weight = weight.data(),
                                    .state = nullptr,
                                    .reset = nullptr,
                                    .dx = dx.mutable_data(),
                                    .dweight = dweight.mutable_data(),
                                    .dstate = nullptr,
                                    .B = B,
                                    .S = S,
                                    .C = C,
                                    .KS = KS});
               };
             });
}

// N tokens, K square blocks of I channels.
void add_block_diagonal(std::int64_t N, std::int64_t K, std::int64_t I) {
  const auto shape = fmt::format("{}x{}x{}", N, K, I);
  const auto products = 2.0 * static_cast<double>(N * K * I * I);
  Work forward = moves(N * K * I, N * K * I), backward = moves(3 * N * K * I, N * K * I);
  forward.flops = products, backward.flops = 2 * products;
  add_kernel("block_diagonal_forward", shape, forward,
             [N, K, I](const Kernels<float>&) -> KernelCall {
               return [x = noise({N, K, I}), weight = noise({K, I, I}), y = noise({N, K, I}), N, K,
                       I](const Kernels<float>& k) mutable {
                 k.block_diagonal_forward({.x = x.data(),
                                           .weight = weight.data(),
                                           .bias = nullptr,
                                           .y = y.mutable_data(),
                                           .N = N,
                                           .K = K,
                                           .O = I,
                                           .I = I});
               };
             });
  add_kernel("block_diagonal_backward", shape, backward,
             [N, K, I](const Kernels<float>&) -> KernelCall {
               return [dy = noise({N, K, I}), x = noise({N, K, I}), weight = noise({K, I, I}),
                       dx = noise({N, K, I}), dweight = noise({K, I, I}), N, K,
                       I](const Kernels<float>& k) mutable {
                 k.block_diagonal_backward({.dy = dy.data(),
                                            .x = x.data(),
                                            .weight = weight.data(),
                                            .dx = dx.mutable_data(),
                                            .dweight = dweight.mutable_data(),
                                            .N = N,
                                            .K = K,
                                            .O = I,
                                            .I = I});
               };
             });
}

}  // namespace

void add_row_benchmarks(const Batch& batch) {
  const auto N = batch.tokens();
  for (const std::int64_t d : {256, 512}) {
    add_layer_norm(N, 1, d);
    add_layer_norm(N, 4, d / 2);  // of an mLSTM's heads
    add_rms_norm(N, d);
    add_embedding(N, 256, d);
    add_conv1d(batch, 2 * d);
    add_block_diagonal(N, d / 2, 4);  // q, k, v of an mLSTM
    add_block_diagonal(N, 4, d / 4);  // the gates of an sLSTM
  }
  add_cross_entropy(N, 256);
  add_cross_entropy(N, 8192);
}

}  // namespace carousel::bench
