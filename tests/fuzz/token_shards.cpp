// Any bytes as a token file with document starts: refused in a sentence, or batches in every order
// that keep their promises.

#include <cstring>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/batches.h"
#include "data/token_file.h"
#include "tests/fuzz/require.h"

namespace {

using namespace carousel;

// What the input begins with.
struct Choices {
  unsigned char flags, starts, rows, length, per_step, separator;
};

void check(const Batch& batch, std::int64_t vocab_size) {
  for (const std::int32_t id : batch.inputs.values()) require(id >= 0 && id < vocab_size);
  for (const std::int32_t id : batch.targets.values()) require(id >= -1 && id < vocab_size);
  if (!batch.reset.defined()) return;
  for (const std::int32_t reset : batch.reset.values()) require(reset == 0 || reset == 1);
}

void use(const Corpus& corpus, Order order, const Choices& choices, std::int64_t vocab_size) {
  try {
    const BatchShape shape{.rows = 1 + choices.rows % 4,
                           .length = 1 + choices.length % 32,
                           .per_step = 1 + choices.per_step % 3};
    const Batches batches({&corpus, 0, corpus.size()}, order, shape, choices.flags);
    for (const std::int64_t step : {0, 1, 1000000007}) {
      for (const Batch& batch : batches(step)) check(batch, vocab_size);
    }
  } catch (const Error&) {  // too few tokens, or one outside the vocabulary
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Choices choices;
  if (size < sizeof choices) return 0;
  std::memcpy(&choices, data, sizeof choices);
  const auto rest = std::as_bytes(std::span(data, size)).subspan(sizeof choices);
  std::vector<std::uint32_t> starts(std::min<std::size_t>(choices.starts, rest.size() / 4));
  if (!starts.empty()) std::memcpy(starts.data(), rest.data(), starts.size() * 4);
  const std::int64_t vocab_size = choices.flags % 2 == 0 ? 300 : 100000;
  try {
    Corpus corpus({});
    auto tokens = parse_token_file("f", ByteSource::borrowed(rest.subspan(starts.size() * 4)));
    std::optional<DocumentStarts> documents;
    if (!starts.empty()) documents.emplace("f", ByteSource::memory(starts), tokens.size());
    corpus.add(std::move(tokens), std::move(documents));
    corpus.set_vocabulary(vocab_size);
    if (choices.separator != 0) corpus.set_separator(choices.separator);
    for (const auto& [word, order] : words(Order{})) use(corpus, order, choices, vocab_size);
  } catch (const Error& error) {
    require(std::string(error.what()).starts_with("f: "));
  }
  return 0;
}
