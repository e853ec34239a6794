#include "core/parallel.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/dtype.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/writer.h"
#include "nn/model_directory.h"

namespace carousel::program {

namespace {

template <class Real>
void generate(const GenerateOptions& options) {
  const auto model = load_model<Real>(options.model);
  CAROUSEL_CHECK(model.config.vocab_size <= 256,
                 "generate: {} has a vocab_size of {}, want at most 256: its tokens must be bytes",
                 options.model.string(), model.config.vocab_size);
  const Sampling sampling{
      .temperature = options.temperature, .top_k = options.top_k, .top_p = options.top_p};
  move_to<Real>(model, options.device);
  Writer<Real> writer(model, sampling, options.seed);
  std::vector<std::int32_t> prompt;
  for (const char c : options.prompt) prompt.push_back(static_cast<unsigned char>(c));
  if (prompt.empty()) prompt = {start_token};
  for (const std::int32_t token : prompt) {
    CAROUSEL_CHECK(token < model.config.vocab_size,
                   "generate: the prompt has byte {}, but the vocab_size of {} is {}", token,
                   options.model.string(), model.config.vocab_size);
  }
  writer.read(prompt);

  print(options.prompt);
  for (std::int64_t i = 0; i < options.tokens; ++i) {
    print(std::string(1, static_cast<char>(writer.write())));
  }
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
