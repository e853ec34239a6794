// Names and shapes of parameters are the official package's, and each one receives a gradient.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "autograd/tape.h"
#include "ops/cross_entropy.h"
#include "tests/nn/models.h"

namespace carousel {

namespace {

using Names = std::vector<std::pair<std::string, Shape>>;

const std::string first = "xlstm_block_stack.blocks.0.";
const std::string second = "xlstm_block_stack.blocks.1.";

// What the package prints for d = 16, V = 29, two heads: one mLSTM block, one sLSTM block.
Names official_names() {
  return {
      {first + "xlstm_norm.weight", {16}},
      {first + "xlstm.learnable_skip", {64}},
      {first + "xlstm.proj_up.weight", {128, 16}},
      {first + "xlstm.q_proj.weight", {16, 4, 4}},
      {first + "xlstm.k_proj.weight", {16, 4, 4}},
      {first + "xlstm.v_proj.weight", {16, 4, 4}},
      {first + "xlstm.conv1d.conv.weight", {64, 1, 4}},
      {first + "xlstm.conv1d.conv.bias", {64}},
      {first + "xlstm.mlstm_cell.igate.weight", {2, 192}},
      {first + "xlstm.mlstm_cell.igate.bias", {2}},
      {first + "xlstm.mlstm_cell.fgate.weight", {2, 192}},
      {first + "xlstm.mlstm_cell.fgate.bias", {2}},
      {first + "xlstm.mlstm_cell.outnorm.weight", {64}},
      {first + "xlstm.proj_down.weight", {16, 64}},
      {second + "xlstm_norm.weight", {16}},
      {second + "xlstm.conv1d.conv.weight", {16, 1, 4}},
      {second + "xlstm.conv1d.conv.bias", {16}},
      {second + "xlstm.fgate.weight", {2, 8, 8}},
      {second + "xlstm.igate.weight", {2, 8, 8}},
      {second + "xlstm.zgate.weight", {2, 8, 8}},
      {second + "xlstm.ogate.weight", {2, 8, 8}},
      {second + "xlstm.slstm_cell._recurrent_kernel_", {2, 32, 8}},
      {second + "xlstm.slstm_cell._bias_", {64}},
      {second + "xlstm.group_norm.weight", {16}},
      {second + "ffn_norm.weight", {16}},
      {second + "ffn.proj_up.weight", {128, 16}},
      {second + "ffn.proj_down.weight", {16, 64}},
      {"xlstm_block_stack.post_blocks_norm.weight", {16}},
      {"token_embedding.weight", {29, 16}},
      {"lm_head.weight", {29, 16}},
  };
}

Names names(const ModelConfig& config) {
  Names result;
  for (const auto& [name, var] : parameters<float>(LanguageModel<float>(config, 1))) {
    result.emplace_back(name, var.shape());
  }
  return result;
}

void check_names(const Names& got, const Names& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CHECK(got[i].first == want[i].first);
    INFO(want[i].first);
    CHECK(got[i].second == want[i].second);
  }
}

// What names gains when a config changes.
Names gained(const ModelConfig& before, const ModelConfig& after) {
  Names old = names(before), result;
  for (const auto& entry : names(after)) {
    if (std::ranges::find(old, entry) == old.end()) result.push_back(entry);
  }
  return result;
}

ModelConfig two_blocks() {
  ModelConfig config = mixed_config();
  config.num_blocks = 2;
  return config;
}

template <class Real>
bool any_nonzero(const Tensor<Real>& x) {
  return std::ranges::any_of(x.values(), [](Real value) { return value != 0; });
}

}  // namespace

TEST_CASE("parameters: names, shapes and order are the official ones") {
  check_names(names(two_blocks()), official_names());
}

TEST_CASE("parameters: options add and remove the official ones") {
  const ModelConfig plain = two_blocks();
  ModelConfig config = plain;
  SUBCASE("tied weights") {
    config.tie_weights = true;
    check_names(gained(config, plain), {{"lm_head.weight", {29, 16}}});
  }
  SUBCASE("bias") {
    config.bias = true;
    check_names(gained(plain, config), {{first + "xlstm.proj_up.bias", {128}},
                                        {first + "xlstm.q_proj.bias", {64}},
                                        {first + "xlstm.k_proj.bias", {64}},
                                        {first + "xlstm.v_proj.bias", {64}},
                                        {first + "xlstm.proj_down.bias", {16}}});
  }
  SUBCASE("bias of the feed-forward") {
    config.slstm_feedforward->bias = true;
    check_names(gained(plain, config),
                {{second + "ffn.proj_up.bias", {128}}, {second + "ffn.proj_down.bias", {16}}});
  }
  SUBCASE("feed-forward after an mLSTM") {
    config.mlstm_feedforward = FeedForwardConfig{};
    check_names(gained(plain, config), {{first + "ffn_norm.weight", {16}},
                                        {first + "ffn.proj_up.weight", {128, 16}},
                                        {first + "ffn.proj_down.weight", {16, 64}}});
  }
  SUBCASE("no weight in the group norm") {
    config.slstm->group_norm_weight = false;
    check_names(gained(config, plain), {{second + "xlstm.group_norm.weight", {16}}});
  }
  SUBCASE("no norm after the blocks") {
    config.add_post_blocks_norm = false;
    check_names(gained(config, plain), {{"xlstm_block_stack.post_blocks_norm.weight", {16}}});
  }
  SUBCASE("no convolution") {
    config.mlstm->conv1d_kernel_size = config.slstm->conv1d_kernel_size = 0;
    check_names(gained(config, plain), {{first + "xlstm.conv1d.conv.weight", {64, 1, 4}},
                                        {first + "xlstm.conv1d.conv.bias", {64}},
                                        {second + "xlstm.conv1d.conv.weight", {16, 1, 4}},
                                        {second + "xlstm.conv1d.conv.bias", {16}}});
  }
  SUBCASE("the LSTM has the sLSTM's") {
    config.slstm->function = CellFunction::lstm;
    check_names(names(config), names(plain));
  }
}

TEST_CASE("parameters: every one receives a gradient") {
  for (const auto& named : model_configs()) {
    INFO(named.name);
    const ModelConfig& config = named.config;
    const auto model = lively_model<float>(config);
    Tape tape;
    const auto tokens = random_tokens(2, 7, config.vocab_size);
    tape.backward(cross_entropy(model(tokens).logits, random_tokens(2, 7, config.vocab_size, 2)));
    for (const auto& parameter : parameters<float>(model)) {
      // A head of one unit is normalised to zero whatever the cell says: the layer has no
      // influence.
      if (config.slstm->num_heads == config.embedding_dim &&
          parameter.name.starts_with(second + "xlstm")) {
        continue;
      }
      INFO(parameter.name);
      CHECK(parameter.var.grad->arrived());
      CHECK(any_nonzero(parameter.var.grad->value()));
    }
  }
}

TEST_CASE("parameters: a Var shares storage and gradient with the module's") {
  const LanguageModel<float> model(mixed_config(), 1);
  const auto found = parameters<float>(model);
  CHECK(found.back().name == "lm_head.weight");
  CHECK(found.back().var.data() == model.lm_head->weight.data());
  CHECK(found.back().var.grad == model.lm_head->weight.grad);
}

}  // namespace carousel
