#include "core/parallel.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/dtype.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/tokenizers.h"
#include "examples/language_model/writer.h"
#include "nn/model_directory.h"

namespace carousel::program {

namespace {

template <class Real>
void generate(const GenerateOptions& options) {
  const auto model = load_model<Real>(options.model);
  const std::int64_t V = model.config.vocab_size;
  const auto tokenizer = tokenizer_of_model(options.model, V);
  CAROUSEL_CHECK(
      tokenizer,
      "generate: {} has no tokenizer.json and a vocab_size of {}, want a tokenizer or at "
      "most 256 tokens, which are bytes then",
      options.model.string(), V);
  const auto prompt =
      options.prompt.empty() ? start_of_text(*tokenizer) : tokenizer->encode(options.prompt);
  for (const std::int32_t token : prompt) {
    CAROUSEL_CHECK(token < V, "generate: the prompt has token {}, but the vocab_size of {} is {}",
                   token, options.model.string(), V);
  }
  const Sampling sampling{
      .temperature = options.temperature, .top_k = options.top_k, .top_p = options.top_p};
  move_to<Wide<Real>>(model, options.device);
  Writer<Real> writer(model, sampling, options.seed, tokenizer->vocab_size());
  writer.read(prompt);
  print(options.prompt);
  write_text(writer, *tokenizer, options.tokens, print);
}

}  // namespace

int run(const GenerateOptions& options) {
  set_threads(options.threads);
  check_available(options.device);
  with_dtype(options.dtype, [&](auto real) {
    generate<decltype(real)>(options);
    return 0;
  });
  if (output_is_terminal()) print("\n");
  return 0;
}

}  // namespace carousel::program
