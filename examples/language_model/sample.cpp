#include "examples/language_model/sample.h"

#include <algorithm>

#include "core/error.h"
#include "examples/language_model/tokenizers.h"

namespace carousel::program {

namespace {

// The start of a document or text or, where there is no such thing, of the data.
std::vector<std::int32_t> sample_start(const Corpus& corpus, std::int64_t vocab_size) {
  if (corpus.separator()) return {*corpus.separator()};
  std::vector<std::int32_t> first(1);
  if (corpus.tokenizer()) first = start_of_text(*corpus.tokenizer());
  const bool known = std::ranges::all_of(first, [&](std::int32_t id) { return id < vocab_size; });
  if (!corpus.tokenizer() || !known) corpus.read(0, first);
  return first;
}

}  // namespace

template <class Real>
void write_sample(const LanguageModel<Real>& model, const Corpus& corpus, std::int64_t tokens,
                  std::uint64_t seed, const TextSink& put) {
  const auto& tokenizer = corpus.tokenizer();
  const std::int64_t vocab_size = model.config.vocab_size;
  Writer<Real> writer(model, {.temperature = 0.8}, seed,
                      tokenizer ? tokenizer->vocab_size() : vocab_size);
  writer.read(sample_start(corpus, vocab_size));
  if (tokenizer) return write_text(writer, *tokenizer, tokens, put);
  for (std::int64_t i = 0; i < tokens; ++i) put(fmt::format("{} ", writer.write()));
}

template void write_sample(const LanguageModel<float>&, const Corpus&, std::int64_t, std::uint64_t,
                           const TextSink&);
template void write_sample(const LanguageModel<double>&, const Corpus&, std::int64_t, std::uint64_t,
                           const TextSink&);
template void write_sample(const LanguageModel<bf16>&, const Corpus&, std::int64_t, std::uint64_t,
                           const TextSink&);

}  // namespace carousel::program
