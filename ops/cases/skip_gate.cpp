#include "ops/skip_gate.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_skip_gate_cases(CaseList& list) {
  const auto gated = [](Activation f) {
    return
        [f](const auto& in) { return std::vector{skip_gate(f, in[0], in[1], in[2], in.wide(3))}; };
  };
  const auto inputs = [](Shape shape) {
    return std::vector<CaseInput>{
        {"gate", shape}, {"x", shape}, {"skip", shape}, {"weight", {shape[-1]}}};
  };
  list.add("skip_gate", "one number", inputs({1}), gated(Activation::silu));
  list.add("skip_gate", "leading axes", inputs({2, 3, 17}), gated(Activation::silu));
  list.add("skip_gate", "whole packs", inputs({5, 8}), gated(Activation::gelu));
  list.add("skip_gate", "several chunks", inputs({530, 33}), gated(Activation::tanh));
  list.add("skip_gate", "one value in every place", {{"x", {7, 9}}, {"weight", {9}}},
           [](const auto& in) {
             return std::vector{skip_gate(Activation::sigmoid, in[0], in[0], in[0], in.wide(1))};
           });
}

}  // namespace carousel
