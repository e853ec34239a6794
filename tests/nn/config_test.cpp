#include "nn/config.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"

namespace carousel {

namespace {

using nlohmann::json;

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The config of a golden model, as the package printed it.
json golden(const std::string& name) {
  return json::parse(contents(CAROUSEL_SOURCE_DIR "/tests/golden/models/" + name + "/config.json"));
}

ModelConfig parse(const json& config) { return parse_config(config.dump(), "config.json"); }

// What parsing a mixed model's config says after one value was replaced, or added.
std::string complaint(const char* pointer, const json& value) {
  json config = golden("mixed");
  config[json::json_pointer(pointer)] = value;
  try {
    parse(config);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

json minimal() {
  return json::parse(
      R"({"vocab_size": 5, "embedding_dim": 8, "num_blocks": 3, "mlstm_block": {}})");
}

}  // namespace

TEST_CASE("a config of the package is read key by key") {
  const ModelConfig config = parse(golden("slstm_options"));
  CHECK(config.vocab_size == 23);
  CHECK(config.embedding_dim == 20);
  CHECK(config.num_blocks == 2);
  CHECK(config.slstm_at == std::vector<std::int64_t>{0, 1});
  CHECK(config.context_length == 24);
  CHECK(!config.mlstm);
  REQUIRE(config.slstm);
  CHECK(config.slstm->num_heads == 2);
  CHECK(!config.slstm->group_norm_weight);
  CHECK(config.slstm->bias_init == BiasInit::small_init);
  CHECK(config.slstm->recurrent_weight_init == RecurrentWeightInit::standard);
  REQUIRE(config.slstm_feedforward);
  CHECK(config.slstm_feedforward->act_fn == Activation::selu);
  CHECK(config.slstm_feedforward->proj_factor == 2.3);
  CHECK(!config.slstm_feedforward->round_up);
  CHECK(config.up_dim(*config.slstm_feedforward) == 40);  // ⌊2.3 · 20 / 8⌋ · 8

  const ModelConfig other = parse(golden("ffn_on_mlstm"));
  CHECK(other.inner_dim() == 24);  // ⌈1.4 · 16 / 8⌉ · 8
  CHECK(!other.is_slstm(0));
  CHECK(other.is_slstm(1));
  REQUIRE(other.mlstm_feedforward);
  CHECK(other.mlstm_feedforward->act_fn == Activation::relu_squared);
  CHECK(other.up_dim(*other.mlstm_feedforward) == 32);

  CHECK(parse(golden("slstm_lstm")).slstm->function == CellFunction::lstm);
  CHECK(parse(golden("tied")).tie_weights);
  CHECK(parse(golden("bias")).bias);
  CHECK(parse(golden("bias")).slstm_feedforward->bias);
  CHECK(!parse(golden("no_post_norm")).add_post_blocks_norm);
  CHECK(!parse(golden("no_post_norm")).slstm_feedforward);
}

TEST_CASE("every golden config loads, and reads back equal after writing") {
  int seen = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(CAROUSEL_SOURCE_DIR "/tests/golden")) {
    if (entry.path().filename() != "config.json") continue;
    INFO(entry.path().string());
    const ModelConfig config = parse_config(contents(entry.path()), entry.path().string());
    CHECK(parse_config(to_json(config), "written") == config);
    ++seen;
  }
  CHECK(seen >= 12);
}

TEST_CASE("keys left out have the package's defaults") {
  const ModelConfig config =
      parse_config(R"({"vocab_size": 3, "mlstm_block": {}, "slstm_block": {}})", "x");
  CHECK(config == ModelConfig{.vocab_size = 3,
                              .mlstm = MlstmLayerConfig{},
                              .slstm = SlstmLayerConfig{},
                              .slstm_feedforward = FeedForwardConfig{}});
  CHECK(config.embedding_dim == 128);
  CHECK(config.inner_dim() == 256);
  CHECK(config.up_dim(*config.slstm_feedforward) == 192);  // ⌈1.3 · 128 / 64⌉ · 64
}

TEST_CASE("slstm_at: all, lists, negative positions") {
  const auto at = [](const json& value) {
    json config = golden("mixed");  // four blocks
    config["slstm_at"] = value;
    return parse(config).slstm_at;
  };
  using Positions = std::vector<std::int64_t>;
  CHECK(at("all") == Positions{0, 1, 2, 3});
  CHECK(at(json::array()) == Positions{});
  CHECK(at({3, 1}) == Positions{1, 3});
  CHECK(at({-1, 0, 3, 0}) == Positions{0, 3});
  CHECK(at({-4}) == Positions{0});

  // Without an mLSTM block config the package makes every block an sLSTM.
  json config = golden("slstm_only");
  config["slstm_at"] = {1};
  CHECK(parse(config).slstm_at == Positions{0, 1});
  config.erase("mlstm_block");
  CHECK(parse(config).slstm_at == Positions{0, 1});
}

TEST_CASE("widths are computed in double, in the package's order") {
  ModelConfig config = preset("medium");
  config.embedding_dim = 400;
  config.mlstm->proj_factor = 1.1;
  config.mlstm->multiple_of = 8;
  CHECK(config.inner_dim() == 448);  // 1.1 · 400 = 440.00000000000006
  config.mlstm->round_up = false;
  CHECK(config.inner_dim() == 440);
  config.mlstm->proj_factor = 1e300;
  CHECK_THROWS_AS(config.inner_dim(), Error);
  CHECK_THROWS_AS(preset("small-slstm").inner_dim(), Error);
}

TEST_CASE("keys without a meaning here may say anything the package writes") {
  CHECK(complaint("/mlstm_block/mlstm/_inner_embedding_dim", 7) == "nothing");
  CHECK(complaint("/mlstm_block/mlstm/bias", true) == "nothing");
  CHECK(complaint("/slstm_block/slstm/backend", "cuda") == "nothing");
  CHECK(complaint("/slstm_block/slstm/dtype_g", "float16") == "nothing");
  CHECK(complaint("/slstm_block/slstm/constants", {{"a", 1}}) == "nothing");
  CHECK(complaint("/slstm_block/slstm/internal_input_shape", "SBNHG") == "nothing");
  CHECK(complaint("/_block_map", "1,1,1,1") == "nothing");
  CHECK(complaint("/context_length", -1) == "nothing");
}

TEST_CASE("unknown keys are refused by their full path") {
  CHECK(complaint("/vocabsize", 1) == "config.json: unknown key vocabsize");
  CHECK(complaint("/mlstm_block/num_heads", 1) == "config.json: unknown key mlstm_block.num_heads");
  CHECK(complaint("/mlstm_block/mlstm/num_head", 1) ==
        "config.json: unknown key mlstm_block.mlstm.num_head");
  CHECK(complaint("/slstm_block/slstm/_proj_up_dim", 1) ==
        "config.json: unknown key slstm_block.slstm._proj_up_dim");
  CHECK(complaint("/slstm_block/feedforward/act", 1) ==
        "config.json: unknown key slstm_block.feedforward.act");
  CHECK(complaint("/slstm_block/lstm", 1) == "config.json: unknown key slstm_block.lstm");
}

TEST_CASE("values of another type are refused") {
  CHECK(complaint("/embedding_dim", "16") ==
        "config.json: embedding_dim got \"16\", want an integer");
  CHECK(complaint("/embedding_dim", 16.0) ==
        "config.json: embedding_dim got 16.0, want an integer");
  CHECK(complaint("/num_blocks", true) == "config.json: num_blocks got true, want an integer");
  CHECK(complaint("/vocab_size", nullptr) == "config.json: vocab_size got null, want an integer");
  CHECK(complaint("/vocab_size", 18446744073709551615U) ==
        "config.json: vocab_size got 18446744073709551615, want an integer");
  CHECK(complaint("/bias", 1) == "config.json: bias got 1, want true or false");
  CHECK(complaint("/dropout", "0.1") == "config.json: dropout got \"0.1\", want a number");
  CHECK(complaint("/mlstm_block", 3) == "config.json: mlstm_block got 3, want an object");
  CHECK(complaint("/mlstm_block/mlstm", nullptr) ==
        "config.json: mlstm_block.mlstm got null, want an object");
  CHECK(complaint("/slstm_block/slstm", json::array()) ==
        "config.json: slstm_block.slstm got [], want an object");
  CHECK(complaint("/slstm_block/slstm/gradient_recurrent_clipval", "x") ==
        "config.json: slstm_block.slstm.gradient_recurrent_clipval got \"x\", want a number or "
        "null");
  CHECK(complaint("/slstm_at", 1) ==
        "config.json: slstm_at got 1, want \"all\" or a list of block positions");
  CHECK(complaint("/slstm_at", {0, "1"}) ==
        "config.json: slstm_at got [0,\"1\"], want \"all\" or a list of block positions");
  CHECK(complaint("/slstm_at", {18446744073709551615U}) ==
        "config.json: slstm_at got [18446744073709551615], want \"all\" or a list of block "
        "positions");
  CHECK_THROWS_WITH_AS(parse_config("[]", "f"), "f: the file got [], want an object", Error);
}

TEST_CASE("values that change the result and are not supported are refused by name") {
  CHECK(complaint("/slstm_block/slstm/function", "gru") ==
        "config.json: slstm_block.slstm.function got \"gru\", want \"slstm\" or \"lstm\"");
  CHECK(complaint("/slstm_block/slstm/bias_init", "ones") ==
        "config.json: slstm_block.slstm.bias_init got \"ones\", want \"powerlaw_blockdependent\" "
        "or \"small_init\" or \"standard\" or \"zeros\"");
  CHECK(complaint("/slstm_block/slstm/recurrent_weight_init", 0) ==
        "config.json: slstm_block.slstm.recurrent_weight_init got 0, want \"zeros\" or "
        "\"standard\"");
  CHECK(complaint("/slstm_block/slstm/num_gates", 3) ==
        "config.json: slstm_block.slstm.num_gates got 3, want 4");
  CHECK(complaint("/slstm_block/slstm/input_shape", "SBGNH") ==
        "config.json: slstm_block.slstm.input_shape got \"SBGNH\", want \"BSGNH\"");
  CHECK(complaint("/slstm_block/slstm/output_shape", "SBH") ==
        "config.json: slstm_block.slstm.output_shape got \"SBH\", want \"BNSH\"");
  CHECK(complaint("/slstm_block/feedforward/ff_type", "ffn") ==
        "config.json: slstm_block.feedforward.ff_type got \"ffn\", want \"ffn_gated\"");
  CHECK(complaint("/slstm_block/feedforward/act_fn", "mish") ==
        "config.json: slstm_block.feedforward.act_fn got \"mish\", want \"gelu\" or \"relu\" or "
        "\"relu^2\" or \"sigmoid\" or \"swish\" or \"selu\"");
}

TEST_CASE("forward_clipval is refused, except where the package ignores it") {
  json config = golden("slstm_only");
  json& layer = config["slstm_block"]["slstm"];
  layer["forward_clipval"] = 0.5;
  CHECK_NOTHROW(parse(config));  // backend "vanilla"
  layer["backend"] = "cuda";
  CHECK_THROWS_WITH_AS(parse(config),
                       "config.json: slstm_block.slstm.forward_clipval got 0.5, want null: "
                       "clipping in the forward pass is not supported",
                       Error);
  layer.erase("backend");
  CHECK_THROWS_AS(parse(config), Error);
}

TEST_CASE("impossible sizes are refused") {
  CHECK(complaint("/vocab_size", 0) == "config.json: vocab_size got 0, want 1 to 2147483647");
  CHECK(complaint("/embedding_dim", -16) ==
        "config.json: embedding_dim got -16, want 1 to 2147483647");
  CHECK(complaint("/num_blocks", 0) == "config.json: num_blocks got 0, want 1 to 10000");
  CHECK(complaint("/num_blocks", 1000000000000) ==
        "config.json: num_blocks got 1000000000000, want 1 to 10000");
  CHECK(complaint("/context_length", -2) ==
        "config.json: context_length got -2, want 0 to 2147483647");
  CHECK(complaint("/dropout", 1) == "config.json: dropout got 1, want at least 0 and below 1");
  CHECK(complaint("/slstm_block/feedforward/dropout", -0.5) ==
        "config.json: slstm_block.feedforward.dropout got -0.5, want at least 0 and below 1");
  CHECK(complaint("/slstm_at", {4}) ==
        "config.json: slstm_at got [4], want positions from -4 to 3");
  CHECK(complaint("/slstm_at", {-5}) ==
        "config.json: slstm_at got [-5], want positions from -4 to 3");
  CHECK(complaint("/mlstm_block/mlstm/num_heads", 3) ==
        "config.json: mlstm_block.mlstm.num_heads got 3, want a divisor of the inner size 64");
  CHECK(complaint("/mlstm_block/mlstm/qkv_proj_blocksize", 5) ==
        "config.json: mlstm_block.mlstm.qkv_proj_blocksize got 5, want a divisor of the inner "
        "size 64");
  CHECK(complaint("/mlstm_block/mlstm/qkv_proj_blocksize", 65) ==
        "config.json: mlstm_block.mlstm.qkv_proj_blocksize got 65, want a divisor of the inner "
        "size 64");
  CHECK(complaint("/mlstm_block/mlstm/conv1d_kernel_size", -1) ==
        "config.json: mlstm_block.mlstm.conv1d_kernel_size got -1, want 0 to 2147483647");
  CHECK(complaint("/slstm_block/slstm/num_heads", 5) ==
        "config.json: slstm_block.slstm.num_heads got 5, want a divisor of the embedding_dim 16");
  CHECK(complaint("/slstm_block/slstm/num_heads", 0) ==
        "config.json: slstm_block.slstm.num_heads got 0, want 1 to 2147483647");
  CHECK(complaint("/slstm_block/slstm/gradient_recurrent_clipval", 0) ==
        "config.json: slstm_block.slstm.gradient_recurrent_clipval got 0, want null or above 0");
  CHECK(complaint("/slstm_block/feedforward/proj_factor", 0) ==
        "config.json: slstm_block.feedforward.proj_factor got 0, want above 0 and at most "
        "134217725.9375");
  CHECK(complaint("/mlstm_block/mlstm/round_proj_up_to_multiple_of", 0) ==
        "config.json: mlstm_block.mlstm.round_proj_up_to_multiple_of got 0, want 1 to 2147483647");
  json config = minimal();
  config["mlstm_block"]["mlstm"] = {{"proj_factor", 0.1}, {"round_proj_up_dim_up", false}};
  CHECK_THROWS_WITH_AS(parse(config),
                       "config.json: mlstm_block.mlstm.proj_factor got 0.1, which rounds down to "
                       "no channel",
                       Error);
}

TEST_CASE("what is missing is named") {
  json config = minimal();
  CHECK_NOTHROW(parse(config));
  config.erase("vocab_size");
  CHECK_THROWS_WITH_AS(parse(config), "config.json: vocab_size is missing", Error);
  config = minimal();
  config["slstm_at"] = {1};
  CHECK_THROWS_WITH_AS(parse(config),
                       "config.json: block 1 is an sLSTM, but slstm_block is missing", Error);
  config.erase("mlstm_block");
  CHECK_THROWS_WITH_AS(parse(config), "config.json: has neither mlstm_block nor slstm_block",
                       Error);

  // A block config that no block uses need not fit.
  config = minimal();
  config["slstm_block"] = {{"slstm", {{"num_heads", 5}}}};
  CHECK_NOTHROW(parse(config));
}

TEST_CASE("a struct that cannot be a model is refused, too") {
  const auto complaint_of = [](const ModelConfig& config) -> std::string {
    try {
      check_config(config, "model");
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing";
  };
  ModelConfig config = preset("small-mixed");
  CHECK(complaint_of(config) == "nothing");
  config.slstm_at = {3, 1};
  CHECK(complaint_of(config) == "model: slstm_at got 1 after 3, want ascending positions");
  config.slstm_at = {6};
  CHECK(complaint_of(config) == "model: slstm_at got 6, want 0 to 5");
  config = preset("small-slstm");
  config.slstm_feedforward->act_fn = Activation::tanh;
  CHECK(complaint_of(config) ==
        "model: slstm_block.feedforward.act_fn is none of gelu, relu, relu^2, sigmoid, swish, "
        "selu");
  config = preset("small-slstm");
  config.slstm->forget_gate = ForgetGate::exponential;
  CHECK(complaint_of(config) == "nothing");
  config.slstm->function = CellFunction::lstm;
  CHECK(complaint_of(config) ==
        "model: slstm_block.slstm.forget_gate got \"exponential\", want \"sigmoid\" where the "
        "function is \"lstm\"");
  config = preset("small");
  config.mlstm.reset();
  CHECK(complaint_of(config) == "model: has neither mlstm_block nor slstm_block");
  config.slstm.emplace();
  CHECK(complaint_of(config) == "model: has mLSTM blocks, but mlstm_block is missing");
}

TEST_CASE("every option survives writing and reading") {
  ModelConfig config = preset("small-mixed");
  config.slstm->forget_gate = ForgetGate::exponential;
  config.slstm->gradient_recurrent_cut = true;
  config.slstm->gradient_recurrent_clipval = 0.1;
  config.slstm->conv1d_kernel_size = 0;
  config.mlstm->proj_factor = 1.0 / 3;
  config.mlstm->multiple_of = 8;
  config.mlstm_feedforward = FeedForwardConfig{
      .proj_factor = 4.0 / 3, .act_fn = Activation::silu, .bias = true, .dropout = 0.3};
  config.slstm_feedforward.reset();
  config.context_length = 0;
  config.add_embedding_dropout = config.weight_decay_on_embedding = true;
  config.dropout = 0.1;
  check_config(config, "config");
  CHECK(parse_config(to_json(config), "written") == config);
}

TEST_CASE("presets are valid, survive JSON, and are byte-level") {
  CHECK(preset_names().size() == 7);
  for (const auto name : preset_names()) {
    INFO(name);
    const ModelConfig config = preset(name);
    check_config(config, "preset");
    CHECK(parse_config(to_json(config), "written") == config);
    CHECK(config.vocab_size == 256);
  }
  CHECK_THROWS_WITH_AS(preset("large"),
                       "preset: got \"large\", want one of: tiny, toy, small, small-mixed, "
                       "small-slstm, medium, 160m",
                       Error);
}

}  // namespace carousel
