#include "examples/bench/products.h"

#include <algorithm>
#include <array>

#include "examples/bench/benchmarks.h"
#include "examples/bench/work.h"

namespace carousel::bench {

namespace {

// The projections of the presets that differ in shape, the widest models last.
std::vector<Projection> preset_projections() {
  std::vector<Projection> result;
  const auto add = [&result](const Projection& projection) {
    const bool known = std::any_of(result.begin(), result.end(), [&](const Projection& other) {
      return other.outputs == projection.outputs && other.inputs == projection.inputs;
    });
    if (!known) result.push_back(projection);
  };
  for (const auto name : {"toy", "small-mixed", "medium"}) {
    const ModelConfig config = preset(name);
    for (std::int64_t block = 0; block < config.num_blocks; ++block) {
      for (const auto& projection : block_projections(config, block)) add(projection);
    }
    add(head_projection(config));
  }
  return result;
}

}  // namespace

std::string Product::form() const {
  return fmt::format("{}{}", transpose_a ? 't' : 'n', transpose_b ? 't' : 'n');
}

std::string Product::shape() const { return fmt::format("{}x{}x{}", M, N, K); }

std::vector<Product> training_products(std::int64_t tokens) {
  std::vector<Product> result;
  for (const auto& [name, out, in] : preset_projections()) {
    result.push_back({tokens, out, in, false, true, false});
    result.push_back({tokens, in, out, false, false, true});
    result.push_back({out, in, tokens, true, false, true});
  }
  return result;
}

std::vector<Product> decoding_products() {
  std::vector<Product> result;
  for (const auto& [name, out, in] : preset_projections()) {
    for (const std::int64_t tokens : {1, 8}) {
      result.push_back({tokens, out, in, false, true, false});
    }
  }
  return result;
}

Factors::Factors(const Product& product)
    : product_(product),
      a_(noise({product.M * product.K})),
      b_(noise({product.K * product.N})),
      c_(noise({product.M * product.N})) {}

MatMul<float> Factors::arguments() const {
  return {
      .a = a_.data(),
      .b = b_.data(),
      .bias = nullptr,
      .c = c_.mutable_data(),
      .batch = 1,
      .M = product_.M,
      .N = product_.N,
      .K = product_.K,
      .transpose_a = product_.transpose_a,
      .transpose_b = product_.transpose_b,
      .accumulate = product_.accumulate,
  };
}

}  // namespace carousel::bench
