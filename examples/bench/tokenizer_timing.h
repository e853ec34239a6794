// How fast a tokenizer encodes a file, for comparison with other programs.
#pragma once

#include <cstdint>
#include <filesystem>

namespace carousel::bench {

struct TokenizerTimingOptions {
  std::filesystem::path tokenizer, file;
  std::int64_t rounds = 5;
};

// Encodes the whole file on one thread, that many times, and prints JSON: bytes, tokens, and
// seconds of the fastest time.
int time_tokenizer(const TokenizerTimingOptions& options);

}  // namespace carousel::bench
