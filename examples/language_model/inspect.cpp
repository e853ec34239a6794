#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/parallel.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/dtype.h"
#include "examples/language_model/inspect/inspection.h"
#include "examples/language_model/pages/page.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/tokenizers.h"
#include "nn/model_directory.h"

namespace carousel::program {

namespace {

using nlohmann::json;

constexpr std::size_t longest_prompt = 4096;  // a page of some 100 MB

// A token as a page shows it: bytes that are no visible text by their number.
std::string shown(const std::string& token) {
  const bool lone_byte = token.size() == 1 && static_cast<unsigned char>(token[0]) >= 0x80;
  std::string text;
  for (const char c : token) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      text += "↵";
    } else if (byte < ' ' || byte == 127 || lone_byte) {
      text += fmt::format("{:02X}", byte);
    } else {
      text += c;
    }
  }
  return text;
}

json to_json(const GradientNorm& gradient) {
  json parameters = json::array();
  for (const auto& parameter : gradient.parameters) parameters.push_back(to_json(parameter));
  return {{"name", gradient.name},
          {"norm", gradient.norm},
          {"numbers", gradient.numbers},
          {"parameters", std::move(parameters)}};
}

json to_json(const BlockView& block) {
  json quantities = json::object();
  for (const auto& [name, values] : block.quantities) quantities[name] = values;
  return {{"kind", block.kind}, {"quantities", std::move(quantities)}};
}

json to_json(const Inspection& inspection, const std::string& model, const json& tokens) {
  json blocks = json::array(), gradients = json::array();
  for (const auto& block : inspection.blocks) blocks.push_back(to_json(block));
  for (const auto& part : inspection.gradients) gradients.push_back(to_json(part));
  return {{"model", model},
          {"tokens", tokens},
          {"losses", inspection.losses},
          {"gradients", std::move(gradients)},
          {"blocks", std::move(blocks)}};
}

template <class Real>
void inspect_prompt(const InspectOptions& options) {
  const auto model = load_model<Real>(options.model);
  const std::int64_t V = model.config.vocab_size;
  const auto tokenizer = tokenizer_of_model(options.model, V);
  CAROUSEL_CHECK(tokenizer,
                 "inspect: {} has no tokenizer.json and a vocab_size of {}, want a tokenizer or at "
                 "most 256 tokens, which are bytes then",
                 options.model.string(), V);
  const auto tokens = tokenizer->encode(options.prompt);
  json texts = json::array();
  for (const std::int32_t token : tokens) {
    CAROUSEL_CHECK(token < V, "inspect: the prompt has token {}, but the vocab_size of {} is {}",
                   token, options.model.string(), V);
    texts.push_back(shown(tokenizer->token(token)));
  }
  CAROUSEL_CHECK(tokens.size() >= 2 && tokens.size() <= longest_prompt,
                 "inspect: the prompt has {} token{}, want 2 to {}", tokens.size(),
                 tokens.size() == 1 ? "" : "s", longest_prompt);
  const Inspection inspection = inspect<Real>(model, tokens);
  write_file_atomically(options.out,
                        inspect_page(to_json(inspection, options.model.string(), texts)));
  print_note(fmt::format("{} shows {} tokens", options.out.string(), tokens.size()));
}

}  // namespace

int run(const InspectOptions& options) {
  set_threads(options.threads);
  return with_wide_dtype(options.dtype, [&](auto real) {
    inspect_prompt<decltype(real)>(options);
    return 0;
  });
}

}  // namespace carousel::program
