// Options that several subcommands have.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <utility>

#include "examples/language_model/options/number.h"
#include "examples/language_model/options/options.h"

namespace carousel::program {

// An option that takes one of the words of an enum.
template <class Value, class Choices = decltype(words(Value{}))>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& value,
                        const std::string& help, const Choices& choices = words(Value{})) {
  std::string all, chosen;
  for (const auto& [word, meaning] : choices) {
    all += (all.empty() ? "" : "|") + std::string(word);
    if (meaning == value) chosen = word;
  }
  const auto choose = [name, &value, choices, all](const std::string& text) {
    for (const auto& [word, meaning] : choices) {
      if (text != word) continue;
      value = meaning;
      return;
    }
    throw CLI::ValidationError(name, fmt::format("got \"{}\", want one of {}", text, all));
  };
  return app.add_option_function<std::string>(name, choose, help)
      ->type_name(all)
      ->default_str(chosen);
}

inline CLI::Option* add_path(CLI::App& app, const std::string& name, std::filesystem::path& path,
                             const std::string& type, const std::string& help) {
  const auto set = [name, &path](const std::string& text) {
    if (text.empty()) throw CLI::ValidationError(name, "got an empty path");
    path = text;
  };
  return app.add_option_function<std::string>(name, set, help)
      ->type_name(type)
      ->default_str(path.string());
}

// One or more paths: --data a b, --data a --data b.
inline CLI::Option* add_paths(CLI::App& app, const std::string& name,
                              std::vector<std::filesystem::path>& paths, const std::string& type,
                              const std::string& help) {
  const auto set = [name, &paths](const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      if (text.empty()) throw CLI::ValidationError(name, "got an empty path");
      paths.emplace_back(text);
    }
  };
  return app.add_option_function<std::vector<std::string>>(name, set, help)->type_name(type);
}

inline void add_device(CLI::App& app, Device& device) {
  add_choice(app, "--device", device, "What computes; cuda: an NVIDIA GPU")->group("Machine");
}

inline void add_dtype(CLI::App& app, Dtype& dtype) {
  add_choice(app, "--dtype", dtype,
             "Numbers to compute with; bf16, on cuda only: activations of 8\n"
             "binary digits, weights and gates float32")
      ->group("Machine");
}

// Throws CLI::ValidationError unless the device computes with such numbers.
inline void check_dtype(Dtype dtype, Device device) {
  if (dtype != Dtype::bf16 || device == Device::cuda) return;
  throw CLI::ValidationError("--dtype bf16",
                             fmt::format("computes on --device cuda only, got {}", name(device)));
}

inline void add_threads(CLI::App& app, int& threads) {
  constexpr Range range{.text = "a whole number from 1 to 1024", .low = 1, .high = 1024};
  add_number(app, "--threads", threads, range,
             "Threads of the cpu; results do not depend on their number")
      ->group("Machine");
}

// Throws CLI::ValidationError when both options were given.
inline void refuse_both(const CLI::App& app, const std::string& a, const std::string& b,
                        const std::string& why) {
  if (app.count(a) > 0 && app.count(b) > 0) {
    throw CLI::ValidationError(a, fmt::format("cannot be combined with {}: {}", b, why));
  }
}

}  // namespace carousel::program
