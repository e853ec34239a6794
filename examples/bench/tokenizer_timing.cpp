#include "examples/bench/tokenizer_timing.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/file.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/tokenizers.h"

namespace carousel::bench {

int time_tokenizer(const TokenizerTimingOptions& options) {
  using Clock = std::chrono::steady_clock;
  const Tokenizer tokenizer = program::named_tokenizer(options.tokenizer);
  const std::string text = read_file(options.file);
  std::size_t tokens = 0;
  auto best = Clock::duration::max();
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    const auto start = Clock::now();
    tokens = tokenizer.encode(text).size();
    best = std::min(best, Clock::now() - start);
  }
  program::print(fmt::format("{{\"bytes\": {}, \"tokens\": {}, \"seconds\": {}}}\n", text.size(),
                             tokens, std::chrono::duration<double>(best).count()));
  return 0;
}

}  // namespace carousel::bench
