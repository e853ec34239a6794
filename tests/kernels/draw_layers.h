// Random arguments of the kernels that a layer consists of.
#pragma once

#include <algorithm>
#include <array>

#include "kernels/kernels.h"
#include "kernels/reference/reference.h"
#include "tests/kernels/trial.h"

namespace carousel {

// 4 and 8, which have kernels of their own, some sizes of one block, and some of several.
template <class Real>
std::int64_t draw_depth(Trial<Real>& t) {
  switch (t.choice(4)) {
    case 0:
      return t.flip() ? 4 : 8;
    case 1:
      return 200 + t.size(200);
    default:
      return t.size(60);
  }
}

// Products whose results are elements of `results`.
template <class Real, class Result>
void draw_product(Trial<Real>& t, Arrays<Result>& results, MatMulInto<Real, Result>& a) {
  const auto batch = 1 + t.choice(3), M = t.size(60), K = draw_depth(t);
  const auto N = t.choice(8) == 0 ? t.size(160) : t.size(60);
  const bool accumulate = t.flip();
  a = {.a = t.input(batch * M * K),
       .b = t.input(batch * K * N),
       .bias = t.wide().optional(N),
       .c = accumulate ? results.sum(batch * M * N) : results.output(batch * M * N),
       .batch = batch,
       .M = M,
       .N = N,
       .K = K,
       .transpose_a = t.flip(),
       .transpose_b = t.flip(),
       .accumulate = accumulate};
}

template <class Real>
void draw(Trial<Real>& t, MatMul<Real>& a) {
  draw_product<Real, Real>(t, t, a);
}

// Outputs and inputs of a block: 4 by 4, which has a kernel of its own, or any.
template <class Real>
std::array<std::int64_t, 2> draw_block(Trial<Real>& t) {
  if (t.choice(3) == 0) return {4, 4};
  const auto outputs = t.size(20);
  return {outputs, t.size(20)};
}

template <class Real>
void draw(Trial<Real>& t, BlockDiagonalForward<Real>& a) {
  const auto N = t.size(80), K = t.size(8);
  const auto [O, I] = draw_block(t);
  a = {.x = t.input(N * K * I),
       .weight = t.wide().input(K * O * I),
       .bias = t.wide().optional(K * O),
       .y = t.output(N * K * O),
       .N = N,
       .K = K,
       .O = O,
       .I = I};
}

template <class Real>
void draw(Trial<Real>& t, BlockDiagonalBackward<Real>& a) {
  const auto N = t.size(80), K = t.size(8);
  const auto [O, I] = draw_block(t);
  a = {.dy = t.input(N * K * O),
       .x = t.input(N * K * I),
       .weight = t.wide().input(K * O * I),
       .dx = t.wanted(N * K * I),
       .dweight = t.wide().wanted(K * O * I),
       .N = N,
       .K = K,
       .O = O,
       .I = I};
}

template <class Real>
void draw(Trial<Real>& t, Conv1dForward<Real>& a) {
  const auto B = 1 + t.choice(3), S = t.size(20), C = t.size(60), KS = 1 + t.choice(6);
  a = {.x = t.input(B * S * C),
       .weight = t.wide().input(C * KS),
       .bias = t.wide().optional(C),
       .state = t.wide().optional(B * (KS - 1) * C),
       .reset = t.resets(B * S),
       .y = t.output(B * S * C),
       .last = t.wide().output(B * (KS - 1) * C),
       .B = B,
       .S = S,
       .C = C,
       .KS = KS};
}

template <class Real>
void draw(Trial<Real>& t, Conv1dBackward<Real>& a) {
  const auto B = 1 + t.choice(3), S = t.size(20), C = t.size(60), KS = 1 + t.choice(6);
  const auto* const state = t.wide().optional(B * (KS - 1) * C);
  a = {.dy = t.input(B * S * C),
       .dlast = t.wide().input(B * (KS - 1) * C),
       .x = t.input(B * S * C),
       .weight = t.wide().input(C * KS),
       .state = state,
       .reset = t.resets(B * S),
       .dx = t.wanted(B * S * C),
       .dweight = t.wide().wanted(C * KS),
       .dstate = state == nullptr ? nullptr : t.wide().wanted(B * (KS - 1) * C),
       .B = B,
       .S = S,
       .C = C,
       .KS = KS};
}

// Targets below zero are those of ignored rows, for which max and log_sum stay as they are.
// Now and then a vocabulary that many threads share.
template <class Real>
void draw(Trial<Real>& t, CrossEntropyForward<Real>& a) {
  const auto N = t.size(20), V = t.choice(16) == 0 ? 2000 + t.size(9000) : t.size(200);
  const auto* const targets = t.integers(N, -(V + 3) / 4, V);
  a = {.logits = t.input(N * V),
       .targets = targets,
       .max = t.sum(N),
       .log_sum = t.sum(N),
       .losses = t.output(N),
       .loss = t.output(1),
       .N = N,
       .V = V,
       .counted = std::max<std::int64_t>(1, t.count_from_zero())};
}

template <class Real>
void draw(Trial<Real>& t, CrossEntropyBackward<Real>& a) {
  CrossEntropyForward<double> forward;
  auto& before = t.earlier();
  draw(before, forward);
  reference::cross_entropy_forward(forward);
  const auto N = forward.N, V = forward.V;
  a = {.dloss = t.input(1),
       .logits = t.rounded(forward.logits, N * V),
       .targets = t.copied(forward.targets, N),
       .max = t.rounded(forward.max, N),
       .log_sum = t.rounded(forward.log_sum, N),
       .dlogits = t.sum(N * V),
       .N = N,
       .V = V,
       .counted = forward.counted};
}

// Rows, groups and channels of a norm: some long rows, and now and then very long ones.
template <class Real>
std::array<std::int64_t, 3> draw_norm(Trial<Real>& t) {
  switch (t.choice(16)) {
    case 0:
      return {t.size(2), 1, 8190 + t.size(60)};
    case 1:
      return {t.size(40), t.size(2), 500 + t.size(1500)};
    default:
      const auto N = t.size(30), G = t.size(8);
      return {N, G, t.size(60)};
  }
}

template <class Real>
void draw(Trial<Real>& t, LayerNormForward<Real>& a) {
  const auto [N, G, C] = draw_norm(t);
  const auto n = N * G * C;
  const bool branch = t.flip();
  a = {.x = t.input(n, 1, 0.5),
       .weight = t.wide().optional(G * C),
       .bias = t.wide().optional(G * C),
       .y = t.output(n),
       .mean = t.wide().output(N * G),
       .rstd = t.wide().output(N * G),
       .N = N,
       .G = G,
       .C = C,
       .eps = 1e-5,
       .weight_offset = t.flip() ? 1.0 : 0.0,
       .branch = branch ? t.input(n, 1, 0.5) : nullptr,
       .sum = branch ? t.output(n) : nullptr};
}

template <class Real>
void draw(Trial<Real>& t, LayerNormBackward<Real>& a) {
  LayerNormForward<double> forward;
  auto& before = t.earlier();
  draw(before, forward);
  reference::layer_norm_forward(forward);
  const auto N = forward.N, G = forward.G, C = forward.C, n = N * G * C;
  a = {.dy = t.input(n),
       .x = t.rounded(forward.sum == nullptr ? forward.x : forward.sum, n),
       .weight = t.wide().rounded(forward.weight, G * C),
       .mean = t.wide().rounded(forward.mean, N * G),
       .rstd = t.wide().rounded(forward.rstd, N * G),
       .dx = t.wanted(n),
       .dweight = t.wide().wanted(G * C),
       .dbias = t.wide().wanted(G * C),
       .N = N,
       .G = G,
       .C = C,
       .weight_offset = forward.weight_offset,
       .dsum = t.optional(n),
       .dbranch = forward.sum == nullptr ? nullptr : t.wanted(n)};
}

template <class Real>
void draw(Trial<Real>& t, RmsNormForward<Real>& a) {
  const auto [N, G, C] = draw_norm(t);
  const auto n = N * G * C;
  a = {.x = t.input(n),
       .weight = t.wide().optional(G * C),
       .bias = t.wide().optional(G * C),
       .y = t.output(n),
       .rrms = t.wide().output(N * G),
       .N = N,
       .G = G,
       .C = C,
       .eps = 1e-5,
       .weight_offset = t.flip() ? 1.0 : 0.0};
}

template <class Real>
void draw(Trial<Real>& t, RmsNormBackward<Real>& a) {
  RmsNormForward<double> forward;
  auto& before = t.earlier();
  draw(before, forward);
  reference::rms_norm_forward(forward);
  const auto N = forward.N, G = forward.G, C = forward.C, n = N * G * C;
  a = {.dy = t.input(n),
       .x = t.rounded(forward.x, n),
       .weight = t.wide().rounded(forward.weight, G * C),
       .rrms = t.wide().rounded(forward.rrms, N * G),
       .dx = t.wanted(n),
       .dweight = t.wide().wanted(G * C),
       .dbias = t.wide().wanted(G * C),
       .N = N,
       .G = G,
       .C = C,
       .weight_offset = forward.weight_offset};
}

}  // namespace carousel
