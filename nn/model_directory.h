// A model on disk: a directory with config.json (the official dataclass) and model.safetensors (the
// official names), as the xLSTM authors' package reads and writes them.
#pragma once

#include <filesystem>

#include "nn/language_model.h"

namespace carousel {

// On the cpu. Weights may be stored as F64, F32, F16 or BF16, the recurrent ones in the package's
// "vanilla" or "cuda" layout, tied ones under either name or both. Throws Error naming what is
// missing, unexpected, of the wrong shape, or not finite.
template <class Real>
LanguageModel<Real> load_model(const std::filesystem::path& directory);

// Writes weights, from any device, as F32 or F64, by Wide<Real>, in the vanilla layout, tied ones
// under both names, which loads in the package with strict=True. Makes the directory where there is
// none. Throws Error for weights that are not finite and when the disk refuses, and then leaves old
// files as they were.
template <class Real>
void save_model(const std::filesystem::path& directory, const LanguageModel<Real>& model);

}  // namespace carousel
