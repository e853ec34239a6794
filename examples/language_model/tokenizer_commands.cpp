#include <charconv>

#include "core/error.h"
#include "core/file.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/tokenizers.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer_files.h"

namespace carousel::program {

namespace {

std::vector<std::int32_t> parse_ids(std::string_view text, const std::string& origin) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::int32_t> ids;
  for (auto at = text.find_first_not_of(blanks); at != text.npos;
       at = text.find_first_not_of(blanks, at)) {
    const auto end = std::min(text.find_first_of(blanks, at), text.size());
    const std::string_view word = text.substr(at, end - at);
    std::int32_t id = 0;
    const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), id);
    CAROUSEL_CHECK(error == std::errc{} && rest == word.data() + word.size(),
                   "{}: byte {}: got \"{}\", want a token id", origin, at, word);
    ids.push_back(id);
    at = end;
  }
  return ids;
}

}  // namespace

int run(const TokenizerTrainOptions& options) {
  BpeTrainer trainer(options.vocab_size, options.specials);
  for (const auto& file : options.data) trainer.add(read_file(file));
  const Tokenizer tokenizer(trainer.train(), "tokenizer train");
  save_tokenizer(options.out, tokenizer);
  print_note(fmt::format("{} tokens, {} of them merges, are in {}", tokenizer.vocab_size(),
                         tokenizer.vocabulary().merges.size(),
                         (options.out / "tokenizer.json").string()));
  return 0;
}

int run(const TokenizerEncodeOptions& options) {
  const Tokenizer tokenizer = named_tokenizer(options.tokenizer);
  const auto specials = options.plain_text ? Specials::plain_text : Specials::recognised;
  const auto ids = tokenizer.encode(read_file(options.file, Empty::allowed), specials);
  print(fmt::format("{}\n", fmt::join(ids, " ")));
  return 0;
}

int run(const TokenizerDecodeOptions& options) {
  const Tokenizer tokenizer = named_tokenizer(options.tokenizer);
  const std::string text = read_file(options.file, Empty::allowed);
  print(tokenizer.decode(parse_ids(text, options.file.string())));
  return 0;
}

int run(const TokenizerInfoOptions& options) {
  const Tokenizer tokenizer = named_tokenizer(options.tokenizer);
  const auto& [tokens, merges, added, nfc] = tokenizer.vocabulary();
  std::size_t longest = 0;
  for (const auto& token : tokens) longest = std::max(longest, token.size());
  std::string text = fmt::format(
      "tokens          {}\n"
      "merges          {}\n"
      "longest token   {} bytes\n"
      "normalisation   {}\n"
      "added tokens    {}\n",
      tokens.size(), merges.size(), longest, nfc ? "NFC" : "none", added.size());
  for (const auto& [id, special, normalized] : added) {
    text += fmt::format("{:>14}  \"{}\"{}\n", id, tokenizer.token(id), special ? ", special" : "");
  }
  print(text);
  return 0;
}

}  // namespace carousel::program
