#include "ops/arithmetic.h"

#include "ops/cases/cases.h"

namespace carousel {

void add_arithmetic_cases(CaseList& list) {
  const auto two = [](const Shape& shape) {
    return std::vector<CaseInput>{{"a", shape}, {"b", shape}};
  };
  const auto sum_of = [](const auto& in) { return std::vector{add(in[0], in[1])}; };
  list.add("add", "two tensors", two({3, 7}), sum_of);
  list.add("add", "several chunks", two({9001}), sum_of);
  list.add("add", "the same twice", {{"x", {2, 9}}},
           [](const auto& in) { return std::vector{add(in[0], in[0])}; });

  const auto product = [](const auto& in) { return std::vector{multiply(in[0], in[1])}; };
  list.add("multiply", "two tensors", two({2, 1, 8}), product);
  list.add("multiply", "the same twice", {{"x", {5}}},
           [](const auto& in) { return std::vector{multiply(in[0], in[0])}; });

  list.add("scale", "by a negative number", {{"x", {3, 3}}},
           [](const auto& in) { return std::vector{scale(in[0], -2.5)}; });

  const auto vector = [](std::int64_t rows, std::int64_t channels) {
    return std::vector<CaseInput>{{"x", {rows, channels}}, {"vector", {channels}}};
  };
  for (const auto& [rows, channels] : {std::pair(1, 1), std::pair(5, 9), std::pair(700, 31)}) {
    const std::string note = fmt::format("{} rows of {}", rows, channels);
    list.add("add_bias", note, vector(rows, channels),
             [](const auto& in) { return std::vector{add_bias(in[0], in.wide(1))}; });
    list.add("channel_scale", note, vector(rows, channels),
             [](const auto& in) { return std::vector{channel_scale(in[0], in.wide(1))}; });
  }
}

}  // namespace carousel
