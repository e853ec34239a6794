#include "nn/model_directory.h"

#include <algorithm>
#include <cmath>

#include "core/directory.h"
#include "core/file.h"
#include "core/safetensors.h"
#include "ops/layout.h"

namespace carousel {

namespace {

const std::string embedding_name = "token_embedding.weight";
const std::string head_name = "lm_head.weight";
const std::string kernel_suffix = "_recurrent_kernel_";
const std::string bias_suffix = "_bias_";

// The name a parameter has in the file: tied weights may be there as the head's only.
std::string stored_name(const Safetensors& file, const ModelConfig& config,
                        const std::string& name) {
  const bool as_head = config.tie_weights && name == embedding_name && !file.contains(name);
  return as_head ? head_name : name;
}

// Recurrent kernels: (NH, 4·DH, DH) is the vanilla layout, (NH, DH, 4·DH) the cuda one.
Shape in_cuda_layout(const Shape& kernel) { return {kernel[0], kernel[2], kernel[1]}; }

bool fits(const std::string& name, const Shape& stored, const Shape& want) {
  return stored == want || (name.ends_with(kernel_suffix) && stored == in_cuda_layout(want));
}

// Everything in which the file's tensors differ from the model's parameters: "missing a; …".
template <class Real>
std::vector<std::string> differences(const Safetensors& file, const ModelConfig& config,
                                     const std::vector<NamedParameter<Real>>& wanted) {
  std::vector<std::string> missing, misshaped, unexpected = file.names();
  for (const auto& [name, var] : wanted) {
    const std::string stored = stored_name(file, config, name);
    std::erase(unexpected, stored);
    if (!file.contains(stored)) {
      missing.push_back(name);
    } else if (!fits(stored, file.shape(stored), var.shape())) {
      misshaped.push_back(
          fmt::format("{} has shape {}, want {}", stored, file.shape(stored), var.shape()));
    }
  }
  if (config.tie_weights) std::erase(unexpected, head_name);

  std::vector<std::string> result = std::move(misshaped);
  if (!missing.empty()) result.push_back(fmt::format("missing {}", fmt::join(missing, ", ")));
  if (!unexpected.empty()) {
    result.push_back(fmt::format("unexpected {}", fmt::join(unexpected, ", ")));
  }
  return result;
}

template <class Real>
bool all_finite(const Tensor<Real>& tensor) {
  const auto values = tensor.values();
  return std::all_of(values.begin(), values.end(), [](Real value) { return std::isfinite(value); });
}

// The tensor in the vanilla layout. The bias of a cuda kernel is (NH, 4, DH) instead of (4, NH,
// DH).
template <class Real>
Tensor<Real> read_parameter(const Safetensors& file, const std::string& name, const Shape& want) {
  Tensor<Real> tensor = file.read<Real>(name);
  if (name.ends_with(kernel_suffix) && tensor.shape() != want) {
    return permute(Var<Real>(tensor), {0, 2, 1}).value;
  }
  if (!name.ends_with(bias_suffix)) return tensor;
  const std::string prefix = name.substr(0, name.size() - bias_suffix.size());
  const Shape kernel = file.shape(prefix + kernel_suffix);
  if (kernel[1] > kernel[2]) return tensor;
  const Var<Real> by_head = tensor.reshape({kernel[0], 4, kernel[1]});
  return permute(by_head, {1, 0, 2}).value.reshape(want);
}

// Tied weights that are stored twice must be the same twice.
template <class Real>
void check_tied(const Safetensors& file, const std::string& origin) {
  if (!file.contains(embedding_name) || !file.contains(head_name)) return;
  const auto embedding = file.read<Real>(embedding_name), head = file.read<Real>(head_name);
  CAROUSEL_CHECK(
      embedding.shape() == head.shape() && std::ranges::equal(embedding.values(), head.values()),
      "{}: {} and {} differ, but the config ties them", origin, embedding_name, head_name);
}

template <class Real>
void read_weights(const std::filesystem::path& path, const LanguageModel<Real>& model) {
  const Safetensors file(path);
  const std::string origin = path.string();
  const auto wanted = parameters<Wide<Real>>(model);
  const auto problems = differences(file, model.config, wanted);
  CAROUSEL_CHECK(problems.empty(), "{}: does not fit the config beside it: {}", origin,
                 fmt::join(problems, "; "));
  for (const auto& [name, var] : wanted) {
    const std::string stored = stored_name(file, model.config, name);
    const auto tensor = read_parameter<Wide<Real>>(file, stored, var.shape());
    CAROUSEL_CHECK(all_finite(tensor), "{}: {} holds NaN or infinity", origin, stored);
    auto value = var.value;  // shares storage with the model's
    value.copy_from(tensor);
  }
  if (model.config.tie_weights) check_tied<Wide<Real>>(file, origin);
}

}  // namespace

template <class Real>
LanguageModel<Real> load_model(const std::filesystem::path& directory) {
  std::error_code ignored;
  CAROUSEL_CHECK(is_directory(directory, ignored),
                 "{}: is not a directory, want one with config.json and model.safetensors",
                 directory.string());
  const auto config_path = directory / "config.json";
  const LanguageModel<Real> model(parse_config(read_file(config_path), config_path.string()), 0);
  read_weights(directory / "model.safetensors", model);
  return model;
}

template <class Real>
void save_model(const std::filesystem::path& directory, const LanguageModel<Real>& model) {
  std::vector<NamedTensor> tensors;
  Tensor<Wide<Real>> head;
  for (const auto& [name, var] : parameters<Wide<Real>>(model)) {
    const auto value = var.value.to(Device::cpu);
    CAROUSEL_CHECK(all_finite(value), "cannot save the model to {}: {} holds NaN or infinity",
                   directory.string(), name);
    tensors.push_back({name, value});
    if (model.config.tie_weights && name == embedding_name) head = value;
  }
  if (head.defined()) tensors.push_back({head_name, head});

  make_directories(directory);
  AtomicFile config(directory / "config.json");
  config.write(to_json(model.config));
  config.flush();
  write_safetensors(directory / "model.safetensors", tensors);
  config.commit();
}

template LanguageModel<float> load_model(const std::filesystem::path&);
template LanguageModel<double> load_model(const std::filesystem::path&);
template LanguageModel<bf16> load_model(const std::filesystem::path&);
template void save_model(const std::filesystem::path&, const LanguageModel<float>&);
template void save_model(const std::filesystem::path&, const LanguageModel<double>&);
template void save_model(const std::filesystem::path&, const LanguageModel<bf16>&);

}  // namespace carousel
