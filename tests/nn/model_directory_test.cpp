// Models on disk: what is written comes back bit for bit, and other ways to store it are read.

#include "nn/model_directory.h"

#include <doctest/doctest.h>

#include "tests/nn/saved_model.h"

namespace carousel {

namespace {

template <class Real>
void check_equal(const LanguageModel<Real>& a, const LanguageModel<Real>& b) {
  CHECK(a.config == b.config);
  const auto left = parameters<Real>(a), right = parameters<Real>(b);
  REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    INFO(left[i].name);
    CHECK(left[i].name == right[i].name);
    CHECK(identical(left[i].var.value, right[i].var.value));
  }
}

const std::string cell = "xlstm_block_stack.blocks.1.xlstm.slstm_cell.";

}  // namespace

TEST_CASE("model directory: saved and loaded, every bit is the same") {
  for (const auto& named : model_configs()) {
    INFO(named.name);
    const ModelConfig& config = named.config;
    const TemporaryDirectory directory;
    const auto in_float = lively_model<float>(config);
    save_model(directory.path() / "a" / "b", in_float);
    check_equal(load_model<float>(directory.path() / "a" / "b"), in_float);
    const auto in_double = lively_model<double>(config);
    save_model(directory.path(), in_double);
    check_equal(load_model<double>(directory.path()), in_double);
  }
}

TEST_CASE("model directory: the files are what the package wants") {
  for (const bool tied : {false, true}) {
    ModelConfig config = mixed_config();
    config.tie_weights = tied;
    const SavedModel saved(config);
    CHECK(saved.tensors.size() == parameters<float>(LanguageModel<float>(config, 1)).size() + tied);
    CHECK(saved.tensors.at(cell + "_recurrent_kernel_").shape() == Shape{2, 32, 8});
    CHECK(identical(saved.tensors.at("lm_head.weight"),
                    saved.tensors.at("token_embedding.weight")) == tied);
    const Safetensors file(saved.weights());
    for (const auto& name : file.names()) CHECK(file.dtype(name) == "F32");
    CHECK(saved.files() == 2);
  }
  const TemporaryDirectory directory;
  save_model(directory.path(), lively_model<double>(mixed_config()));
  CHECK(Safetensors(directory.path() / "model.safetensors").dtype("lm_head.weight") == "F64");
}

TEST_CASE("model directory: tied weights load under either name") {
  ModelConfig config = mixed_config();
  config.tie_weights = true;
  SavedModel saved(config);
  const auto model = lively_model<float>(config);
  SUBCASE("both") {}
  SUBCASE("the embedding's") { saved.tensors.erase("lm_head.weight"); }
  SUBCASE("the head's") { saved.tensors.erase("token_embedding.weight"); }
  saved.write();
  check_equal(load_model<float>(saved.directory()), model);
}

TEST_CASE("model directory: the cuda layout of recurrent weights") {
  SavedModel saved;
  const auto vanilla = saved.tensors;
  auto& kernel = saved.tensors[cell + "_recurrent_kernel_"];
  auto& bias = saved.tensors[cell + "_bias_"];
  kernel = Tensor<float>({2, 8, 32});
  bias = Tensor<float>({64});
  const float* const from = vanilla.at(cell + "_recurrent_kernel_").data();
  const float* const from_bias = vanilla.at(cell + "_bias_").data();
  for (int head = 0; head < 2; ++head) {
    for (int gate = 0; gate < 4; ++gate) {
      for (int out = 0; out < 8; ++out) {
        const int row = gate * 8 + out;
        bias.mutable_data()[head * 32 + row] = from_bias[(gate * 2 + head) * 8 + out];
        for (int in = 0; in < 8; ++in) {
          kernel.mutable_data()[(head * 8 + in) * 32 + row] = from[(head * 32 + row) * 8 + in];
        }
      }
    }
  }
  saved.write();
  check_equal(load_model<float>(saved.directory()), lively_model<float>(mixed_config()));
}

}  // namespace carousel
