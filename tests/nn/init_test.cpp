// Initial values: their distributions, and what they depend on.

#include "nn/init.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/nn/models.h"

namespace carousel {

namespace {

const std::string slstm_layer = "xlstm_block_stack.blocks.1.xlstm.";
const std::string mlstm_layer = "xlstm_block_stack.blocks.0.xlstm.";

Tensor<double> value(const ModelConfig& config, const std::string& name) {
  const LanguageModel<double> model(config, 3);
  for (const auto& [found, var] : parameters<double>(model)) {
    if (found == name) return var.value;
  }
  FAIL("no parameter ", name);
  return {};
}

ModelConfig wide_config() {
  ModelConfig config = mixed_config();
  config.embedding_dim = 128;
  return config;
}

double mean(const Tensor<double>& x) {
  double sum = 0;
  for (const double v : x.values()) sum += v;
  return sum / static_cast<double>(x.numel());
}

double variance(const Tensor<double>& x) {
  const double center = mean(x);
  double sum = 0;
  for (const double v : x.values()) sum += (v - center) * (v - center);
  return sum / static_cast<double>(x.numel());
}

bool all_equal(const Tensor<double>& x, double want) {
  return std::ranges::all_of(x.values(), [&](double v) { return v == want; });
}

// The variance of N normal numbers scatters by √(2 / N) around the true one: four times that.
void check_normal(const Tensor<double>& x, double want_variance) {
  const double n = static_cast<double>(x.numel());
  CHECK(std::abs(mean(x)) <= 4 * std::sqrt(want_variance / n));
  CHECK(std::abs(variance(x) / want_variance - 1) <= 4 * std::sqrt(2 / n));
}

// The forget gate's rows of a bias (4, NH, DH).
std::vector<double> forget_bias(const ModelConfig& config, const Tensor<double>& bias) {
  const auto d = config.embedding_dim;
  return {bias.data() + d, bias.data() + 2 * d};
}

}  // namespace

TEST_CASE("init: normal weights have the spec's variances") {
  const auto config = wide_config();
  const double small = 2.0 / (5 * 128), wang = 4.0 / (9 * 128);
  ModelConfig big_vocabulary = config;
  big_vocabulary.vocab_size = 256;
  check_normal(value(big_vocabulary, "token_embedding.weight"), small);
  check_normal(value(big_vocabulary, "lm_head.weight"), small);
  check_normal(value(config, mlstm_layer + "proj_up.weight"), small);
  check_normal(value(config, mlstm_layer + "q_proj.weight"), small);
  check_normal(value(config, mlstm_layer + "proj_down.weight"), wang);
  for (const auto* gate : {"fgate", "igate", "zgate", "ogate"}) {
    check_normal(value(config, slstm_layer + gate + ".weight"), small);
  }
  check_normal(value(config, "xlstm_block_stack.blocks.1.ffn.proj_up.weight"), small);
  check_normal(value(config, "xlstm_block_stack.blocks.1.ffn.proj_down.weight"), wang);
}

TEST_CASE("init: convolutions are uniform within 1 / sqrt(KS)") {
  for (const auto* part : {"conv1d.conv.weight", "conv1d.conv.bias"}) {
    const auto x = value(wide_config(), mlstm_layer + part);
    CHECK(std::ranges::max(x.values()) <= 0.5);
    CHECK(std::ranges::min(x.values()) >= -0.5);
    CHECK(std::abs(variance(x) * 12 - 1) <= 0.3);
  }
}

TEST_CASE("init: constants") {
  const auto config = wide_config();
  CHECK(all_equal(value(config, mlstm_layer + "learnable_skip"), 1));
  CHECK(all_equal(value(config, mlstm_layer + "mlstm_cell.igate.weight"), 0));
  CHECK(all_equal(value(config, mlstm_layer + "mlstm_cell.fgate.weight"), 0));
  CHECK(all_equal(value(config, mlstm_layer + "mlstm_cell.outnorm.weight"), 0));
  CHECK(all_equal(value(config, slstm_layer + "slstm_cell._recurrent_kernel_"), 0));
  CHECK(all_equal(value(config, slstm_layer + "group_norm.weight"), 0));
  CHECK(all_equal(value(config, "xlstm_block_stack.post_blocks_norm.weight"), 0));
}

TEST_CASE("init: biases of the mLSTM gates") {
  ModelConfig config = mixed_config();
  config.mlstm->num_heads = 4;
  const auto forget = value(config, mlstm_layer + "mlstm_cell.fgate.bias");
  CHECK(std::ranges::equal(forget.values(), std::vector<double>{3, 4, 5, 6}));
  config.mlstm->num_heads = 1;
  CHECK(value(config, mlstm_layer + "mlstm_cell.fgate.bias").item() == 3);
  config.mlstm->num_heads = 64;
  const auto input = value(config, mlstm_layer + "mlstm_cell.igate.bias");
  check_normal(input, 0.01);
}

TEST_CASE("init: forget biases of the sLSTM") {
  ModelConfig config = mixed_config();
  const std::string name = slstm_layer + "slstm_cell._bias_";
  SUBCASE("a power law that depends on the block") {
    const auto bias = value(config, name);
    for (std::int64_t i = 0; i < bias.numel(); ++i) {
      const std::int64_t gate = i / 16, unit = i % 8;
      // Block 1 of 3: r = 1/2.
      const double want = 5 - 12 * std::pow(static_cast<double>(unit) / 7, 0.3 + 1.3 * 0.5);
      CHECK(bias.data()[i] == doctest::Approx(gate == 1 ? want : 0).epsilon(1e-14));
    }
  }
  SUBCASE("one unit per head, one block") {
    config.slstm->num_heads = 16;
    config.num_blocks = 1;
    config.slstm_at = {0};
    const auto bias = value(config, "xlstm_block_stack.blocks.0.xlstm.slstm_cell._bias_");
    for (const double v : forget_bias(config, bias)) CHECK(v == 5);
  }
  SUBCASE("evenly from 3 to 6") {
    config.slstm->bias_init = BiasInit::small_init;
    config.slstm->num_heads = 4;
    const auto bias = forget_bias(config, value(config, name));
    for (std::size_t i = 0; i < 16; ++i) CHECK(bias[i] == 3 + static_cast<double>(i % 4));
  }
  SUBCASE("zeros") {
    config.slstm->bias_init = BiasInit::zeros;
    CHECK(all_equal(value(config, name), 0));
  }
  SUBCASE("uniform within 1 / sqrt(d), as recurrent weights may be") {
    config.slstm->bias_init = BiasInit::standard;
    config.slstm->recurrent_weight_init = RecurrentWeightInit::standard;
    for (const auto& part : {name, slstm_layer + "slstm_cell._recurrent_kernel_"}) {
      const auto x = value(config, part);
      CHECK(std::ranges::max(x.values()) <= 0.25);
      CHECK(std::ranges::min(x.values()) >= -0.25);
      CHECK(variance(x) >= 0.7 * 0.0625 / 3);
    }
  }
}

TEST_CASE("init: values depend on seed and name, not on the element type or the other parts") {
  const LanguageModel<double> model(mixed_config(), 3);
  const LanguageModel<float> rounded(mixed_config(), 3);
  const auto in_double = parameters<double>(model);
  const auto in_float = parameters<float>(rounded);
  for (std::size_t i = 0; i < in_double.size(); ++i) {
    INFO(in_double[i].name);
    CHECK(std::ranges::equal(in_double[i].var.value.to<float>().values(),
                             in_float[i].var.value.values()));
  }

  ModelConfig other = mixed_config();
  other.slstm->conv1d_kernel_size = 0;
  const std::string name = mlstm_layer + "proj_up.weight";
  CHECK(std::ranges::equal(value(other, name).values(), value(mixed_config(), name).values()));

  const LanguageModel<double> reseeded(mixed_config(), 4);
  CHECK(relative_error(reseeded.token_embedding.weight.value, model.token_embedding.weight.value) >
        1);
  const auto third = value(mixed_config(), "xlstm_block_stack.blocks.2.xlstm.proj_up.weight");
  CHECK(relative_error(third, value(mixed_config(), name)) > 1);
}

}  // namespace carousel
