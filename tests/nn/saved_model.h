// Models on disk for the tests of model_directory.
#pragma once

#include <map>

#include "core/safetensors.h"
#include "nn/model_directory.h"
#include "tests/core/temporary_directory.h"
#include "tests/nn/models.h"

namespace carousel {

// A perturbed model in single precision, saved. A test changes its tensors and writes them again.
class SavedModel {
 public:
  explicit SavedModel(const ModelConfig& config = mixed_config()) {
    save_model(directory(), lively_model<float>(config));
    const Safetensors file(weights());
    for (const auto& name : file.names()) tensors[name] = file.read<float>(name);
  }

  void write() const {
    std::vector<NamedTensor> named;
    for (const auto& [name, tensor] : tensors) named.push_back({name, tensor});
    write_safetensors(weights(), named);
  }

  const std::filesystem::path& directory() const { return directory_.path(); }
  std::filesystem::path config() const { return directory_ / "config.json"; }
  std::filesystem::path weights() const { return directory_ / "model.safetensors"; }
  std::size_t files() const { return directory_.size(); }

  std::map<std::string, Tensor<float>> tensors;

 private:
  TemporaryDirectory directory_;
};

}  // namespace carousel
