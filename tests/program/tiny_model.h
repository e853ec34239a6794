// Models and texts small enough to train on in a test.
#pragma once

#include <filesystem>
#include <string>

#include "nn/config.h"

namespace carousel {

// Two blocks, an mLSTM and an sLSTM, d = 8.
ModelConfig tiny_config(std::int64_t vocab_size = 256);

// Writes a model directory with the initial weights of that seed, as float32.
void write_tiny_model(const std::filesystem::path& directory, const ModelConfig& config,
                      std::uint64_t seed = 3);

// That many bytes of something like a text.
std::string tiny_text(std::size_t size);

// Little-endian 16-bit ids.
std::string as_ids(std::initializer_list<int> ids);

}  // namespace carousel
