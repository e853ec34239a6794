#include "examples/language_model/options/shared.h"
#include "examples/language_model/options/subcommands.h"

namespace carousel::program {

namespace {

constexpr const char* which = "byte, or a path as for carousel train --tokenizer";

void add_train(CLI::App& tokenizer, TokenizerTrainOptions& options) {
  CLI::App& app = *tokenizer.add_subcommand("train", "Learn a byte-pair encoding from texts");
  add_paths(app, "FILE", options.data, "", "Texts to learn from; their order makes no difference")
      ->required();
  app.add_option_function<std::string>(
         "--vocab-size",
         [&options](const std::string& text) {
           options.vocab_size = parse_number<std::int64_t>("--vocab-size", text, size);
         },
         "Tokens: the special ones, 256 bytes, and what is learnt")
      ->type_name("N")
      ->required();
  app.add_option("--special", options.specials,
                 "A text that is a token of its own, and separates texts\n"
                 "('<|endoftext|>'); may be given again")
      ->type_name("TEXT")
      ->allow_extra_args(false);
  add_path(app, "--out", options.out, "DIR", "Where tokenizer.json goes")->required();
  app.footer(
      "Words are cut as GPT-2 cuts them. Again and again the most frequent pair of neighbouring "
      "tokens\n"
      "becomes a token; of equally frequent pairs the one with the greater left token or, where "
      "that is\n"
      "the same, the greater right token, as byte strings.");
}

void add_encode(CLI::App& tokenizer, TokenizerEncodeOptions& options) {
  CLI::App& app = *tokenizer.add_subcommand("encode", "Print the token ids of a text");
  add_path(app, "--tokenizer", options.tokenizer, "byte|PATH", which)->required();
  add_path(app, "FILE", options.file, "", "The text; default: standard input");
  app.add_flag("--plain-text", options.plain_text,
               "The texts of special tokens are text like any other");
}

void add_decode(CLI::App& tokenizer, TokenizerDecodeOptions& options) {
  CLI::App& app = *tokenizer.add_subcommand("decode", "Print the text of token ids");
  add_path(app, "--tokenizer", options.tokenizer, "byte|PATH", which)->required();
  add_path(app, "FILE", options.file, "",
           "Ids in decimal, between blanks or line breaks; default: standard input");
}

void add_tokenizer_info(CLI::App& tokenizer, TokenizerInfoOptions& options) {
  CLI::App& app = *tokenizer.add_subcommand("info", "Show what a tokenizer is made of");
  add_path(app, "TOKENIZER", options.tokenizer, "", which)->required();
}

}  // namespace

void add_tokenizer(CLI::App& program, TokenizerOptions& options) {
  CLI::App& app = *program.add_subcommand("tokenizer", "Make and use tokenizers");
  app.require_subcommand(1);
  add_train(app, options.train);
  add_encode(app, options.encode);
  add_decode(app, options.decode);
  add_tokenizer_info(app, options.info);
  app.footer("carousel tokenizer SUBCOMMAND --help explains a subcommand's options.");
}

Options chosen(const CLI::App& tokenizer, const TokenizerOptions& options) {
  const std::string name = tokenizer.get_subcommands().front()->get_name();
  if (name == "train") return options.train;
  if (name == "encode") return options.encode;
  if (name == "decode") return options.decode;
  return options.info;
}

}  // namespace carousel::program
