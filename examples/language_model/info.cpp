#include <algorithm>

#include "core/safetensors.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/parts.h"
#include "examples/language_model/streams.h"
#include "nn/model_directory.h"

namespace carousel::program {

namespace {

using Parameters = std::vector<NamedParameter<float>>;

std::string describe(const ModelConfig& config) {
  std::string blocks;
  for (std::int64_t i = 0; i < config.num_blocks; ++i) {
    blocks += fmt::format("{}{}", i == 0 ? "" : ", ", config.is_slstm(i) ? "sLSTM" : "mLSTM");
  }
  return fmt::format(
      "vocabulary      {}\n"
      "embedding       {}\n"
      "context         {}\n"
      "blocks          {} ({})\n"
      "tied weights    {}\n"
      "dropout         {}\n",
      config.vocab_size, config.embedding_dim, config.context_length, config.num_blocks, blocks,
      config.tie_weights ? "yes" : "no", config.dropout);
}

// Parameters by part, in the order in which the parts first appear.
std::string table_of_parts(const Parameters& parameters) {
  std::vector<std::pair<std::string, std::int64_t>> parts;
  for (const auto& [name, var] : parameters) {
    const std::string part = part_of(name);
    if (parts.empty() || parts.back().first != part) parts.emplace_back(part, 0);
    parts.back().second += var.numel();
  }
  std::string table = fmt::format("{:<24}{:>14}\n", "part", "parameters");
  std::int64_t total = 0;
  for (const auto& [part, count] : parts) {
    table += fmt::format("{:<24}{:>14}\n", part, count);
    total += count;
  }
  const double mib = 1024.0 * 1024.0;
  return table + fmt::format("{:<24}{:>14}\n\n{:.2f} MiB as float32, {:.2f} MiB as float64\n",
                             "total", total, static_cast<double>(total) * 4 / mib,
                             static_cast<double>(total) * 8 / mib);
}

std::string table_of_tensors(const Safetensors& file) {
  std::size_t width = 0;
  for (const auto& name : file.names()) width = std::max(width, name.size());
  std::string table = fmt::format("{:<{}}  {:<5}  shape\n", "tensor", width, "dtype");
  for (const auto& name : file.names()) {
    table += fmt::format("{:<{}}  {:<5}  {}\n", name, width, file.dtype(name), file.shape(name));
  }
  return table;
}

}  // namespace

int run(const InfoOptions& options) {
  const auto model = load_model<float>(options.model);
  const Safetensors file(options.model / "model.safetensors");
  print(fmt::format("{}\n{}\n{}", describe(model.config), table_of_parts(parameters<float>(model)),
                    table_of_tensors(file)));
  return 0;
}

}  // namespace carousel::program
