// Random arguments of the kernels that go over memory element by element, row by row.
#pragma once

#include <array>
#include <numeric>
#include <utility>

#include "kernels/kernels.h"
#include "tests/kernels/trial.h"

namespace carousel {

template <class Real>
Activation draw_activation(Trial<Real>& t) {
  return static_cast<Activation>(t.choice(static_cast<int>(Activation::identity) + 1));
}

template <class Real>
void draw(Trial<Real>& t, ActivationForward<Real>& a) {
  const auto N = t.length();
  a = {.f = draw_activation(t), .x = t.input(N, 3), .y = t.output(N), .N = N};
}

template <class Real>
void draw(Trial<Real>& t, ActivationBackward<Real>& a) {
  const auto N = t.length();
  a = {.f = draw_activation(t), .dy = t.input(N), .x = t.input(N, 3), .dx = t.sum(N), .N = N};
}

template <class Real>
void draw(Trial<Real>& t, SoftCapForward<Real>& a) {
  const auto N = t.length();
  a = {.x = t.input(N, 20), .y = t.output(N), .N = N, .cap = t.flip() ? 15.0 : 30.0};
}

template <class Real>
void draw(Trial<Real>& t, SoftCapBackward<Real>& a) {
  const auto N = t.length();
  const auto* const dy = t.input(N);
  a = {.dy = dy, .x = t.input(N, 20), .dx = t.sum(N), .N = N, .cap = t.flip() ? 15.0 : 30.0};
}

// gate and x are two tensors, or the two halves of the rows of one.
template <class Real>
void draw(Trial<Real>& t, GateForward<Real>& a) {
  const auto N = t.size(30), C = t.size(80), stride = t.flip() ? 2 * C : C;
  const auto* const gate = t.input(N * stride, 2);
  const auto* const x = stride == C ? t.input(N * stride) : gate + C;
  a = {.f = draw_activation(t),
       .gate = gate,
       .x = x,
       .y = t.output(N * C),
       .N = N,
       .C = C,
       .stride = stride};
}

template <class Real>
void draw(Trial<Real>& t, GateBackward<Real>& a) {
  const auto N = t.size(30), C = t.size(80), stride = t.flip() ? 2 * C : C;
  const auto* const gate = t.input(N * stride, 2);
  const auto* const x = stride == C ? t.input(N * stride) : gate + C;
  auto* const dgate = t.wanted(N * stride);
  auto* const dx = stride == C || dgate == nullptr ? t.wanted(N * stride) : dgate + C;
  a = {.f = draw_activation(t),
       .dy = t.input(N * C),
       .gate = gate,
       .x = x,
       .dgate = dgate,
       .dx = dx,
       .N = N,
       .C = C,
       .stride = stride};
}

template <class Real>
void draw(Trial<Real>& t, SkipGateForward<Real>& a) {
  const auto N = t.size(30), C = t.size(80);
  a = {.f = draw_activation(t),
       .gate = t.input(N * C, 2),
       .x = t.input(N * C),
       .skip = t.input(N * C),
       .weight = t.wide().input(C),
       .y = t.output(N * C),
       .N = N,
       .C = C};
}

template <class Real>
void draw(Trial<Real>& t, SkipGateBackward<Real>& a) {
  const auto N = t.size(200), C = t.size(80);
  a = {.f = draw_activation(t),
       .dy = t.input(N * C),
       .gate = t.input(N * C, 2),
       .x = t.input(N * C),
       .skip = t.input(N * C),
       .weight = t.wide().input(C),
       .dgate = t.wanted(N * C),
       .dx = t.wanted(N * C),
       .dskip = t.wanted(N * C),
       .dweight = t.wide().wanted(C),
       .N = N,
       .C = C};
}

template <class Real>
void draw(Trial<Real>& t, AdamWStep<Real>& a) {
  const auto N = t.length();
  const double rate = t.flip() ? 1e-3 : 0.1, decay = t.flip() ? 0 : 0.1;
  const double beta1 = 0.9, beta2 = t.flip() ? 0.95 : 0.999;
  a = {.gradient = t.input(N),
       .parameter = t.sum(N),
       .m = t.sum(N),
       .v = t.sum(N, 0.1, 1),  // positive
       .N = N,
       .squares = t.flip() ? t.double_sum() : nullptr,
       .max_norm = t.flip() ? 0 : 0.3,
       .factors = t.doubles(adamw_factors(rate, decay, beta1, beta2, 1 + t.choice(1000))),
       .beta1 = beta1,
       .beta2 = beta2,
       .eps = 1e-8};
}

template <class Real>
void draw(Trial<Real>& t, SumOfSquares<Real>& a) {
  const auto N = t.length();
  a = {.x = t.input(N), .sum = t.double_sum(), .N = N};
}

template <class Real>
void draw(Trial<Real>& t, Add<Real>& a) {
  const auto N = t.length();
  a = {.a = t.input(N), .b = t.input(N), .y = t.output(N), .N = N};
}

template <class Real>
void draw(Trial<Real>& t, AddProduct<Real>& a) {
  const auto N = t.length();
  a = {.a = t.input(N), .b = t.input(N), .y = t.sum(N), .N = N};
}

template <class Real>
void draw(Trial<Real>& t, AddScaled<Real>& a) {
  const auto N = t.length();
  a = {.x = t.input(N), .y = t.sum(N), .N = N, .factor = t.flip() ? 1 : -0.7};
}

template <class Real>
void draw(Trial<Real>& t, Narrow<Real>& a) {
  const auto N = t.length();
  const bool accumulate = t.flip();
  a = {.x = t.wide().input(N),
       .y = accumulate ? t.sum(N) : t.output(N),
       .N = N,
       .accumulate = accumulate};
}

template <class Real>
void draw(Trial<Real>& t, Widen<Real>& a) {
  const auto N = t.length();
  const bool accumulate = t.flip();
  a = {.x = t.input(N),
       .y = accumulate ? t.wide().sum(N) : t.wide().output(N),
       .N = N,
       .accumulate = accumulate};
}

template <class Real>
void draw(Trial<Real>& t, ChannelsForward<Real>& a) {
  const auto N = t.size(30), C = t.size(80);
  a = {.x = t.input(N * C),
       .weight = t.wide().optional(C),
       .bias = t.wide().optional(C),
       .y = t.output(N * C),
       .N = N,
       .C = C};
}

template <class Real>
void draw(Trial<Real>& t, ChannelsBackward<Real>& a) {
  const auto N = t.size(200), C = t.size(80);
  a = {.dy = t.input(N * C),
       .x = t.input(N * C),
       .weight = t.wide().optional(C),
       .dx = t.wanted(N * C),
       .dweight = t.wide().wanted(C),
       .dbias = t.wide().wanted(C),
       .N = N,
       .C = C};
}

template <class Real>
void draw(Trial<Real>& t, Dropout<Real>& a) {
  const auto N = t.length();
  a = {.x = t.input(N),
       .y = t.sum(N),
       .N = N,
       .probability = t.flip() ? 0.5 : 0.1,
       .random = {.seed = 5, .stream = static_cast<std::uint64_t>(t.choice(100))},
       .step = t.flip() ? t.integers(1, 0, 1000) : nullptr};
}

template <class Real>
void draw(Trial<Real>& t, EmbeddingForward<Real>& a) {
  const auto N = t.size(40), C = t.size(80), V = t.size(40);
  a = {.ids = t.integers(N, 0, V),
       .weight = t.wide().input(V * C),
       .y = t.output(N * C),
       .N = N,
       .C = C};
}

template <class Real>
void draw(Trial<Real>& t, EmbeddingBackward<Real>& a) {
  const bool many = t.choice(8) == 0;
  const auto N = t.size(many ? 2000 : 80), C = t.size(many ? 8 : 80), V = t.size(many ? 1000 : 40);
  a = {.ids = t.integers(N, 0, V),
       .dy = t.input(N * C),
       .dweight = t.wide().sum(V * C),
       .N = N,
       .C = C,
       .V = V};
}

template <class Real>
void draw(Trial<Real>& t, ReduceSum<Real>& a) {
  const auto outer = t.size(8), n = t.size(100), inner = t.size(30);
  a = {.x = t.input(outer * n * inner),
       .y = t.wide().sum(outer * inner),
       .outer = outer,
       .n = n,
       .inner = inner,
       .factor = t.flip() ? 1 : -0.7};
}

template <class Real>
void draw(Trial<Real>& t, ReduceBroadcast<Real>& a) {
  const auto outer = t.size(8), n = t.size(100), inner = t.size(30);
  a = {.y = t.wide().input(outer * inner),
       .x = t.sum(outer * n * inner),
       .outer = outer,
       .n = n,
       .inner = inner,
       .factor = t.flip() ? 1 : -0.7};
}

// Strides of an array with its axes in any order and gaps between them, and its extent in elements.
template <class Real>
std::pair<std::array<std::int64_t, Shape::max_rank>, std::int64_t> draw_strides(
    Trial<Real>& t, const Shape& shape) {
  std::array<std::int64_t, Shape::max_rank> strides{};
  std::array<int, Shape::max_rank> axes;
  std::iota(axes.begin(), axes.end(), 0);
  std::int64_t extent = 1;
  for (int left = shape.rank(); left > 0; --left) {
    const auto chosen = static_cast<std::size_t>(t.flip() ? left - 1 : t.choice(left));
    const int axis = axes[chosen];
    std::swap(axes[chosen], axes[static_cast<std::size_t>(left - 1)]);
    strides[static_cast<std::size_t>(axis)] = extent;
    extent *= shape[axis] + (t.flip() ? 0 : t.choice(3));
  }
  return {strides, extent};
}

template <class Real>
void draw(Trial<Real>& t, StridedAdd<Real>& a) {
  constexpr std::array<std::int64_t, Shape::max_rank> usual{500, 40, 12, 8, 8, 8};
  const auto rank = 1 + t.choice(4);
  std::array<std::int64_t, Shape::max_rank> sizes{};
  for (auto& size : sizes) size = t.size(usual[static_cast<std::size_t>(rank - 1)]);
  const Shape shape(std::span(sizes.data(), static_cast<std::size_t>(rank)));
  const auto [x_strides, x_extent] = draw_strides(t, shape);
  const auto [y_strides, y_extent] = draw_strides(t, shape);
  a = {.x = t.input(x_extent),
       .y = t.sum(y_extent),
       .shape = shape,
       .x_stride = x_strides,
       .y_stride = y_strides};
}

}  // namespace carousel
