#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/parallel.h"
#include "data/prepare.h"
#include "data/prepared.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/interrupt.h"
#include "examples/language_model/status_line.h"
#include "examples/language_model/streams.h"
#include "examples/language_model/tokenizers.h"

namespace carousel::program {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* usual_separator = "<|endoftext|>";

std::optional<std::int32_t> find_special(const Tokenizer& tokenizer, const std::string& text) {
  for (const AddedToken& token : tokenizer.vocabulary().added) {
    if (token.special && tokenizer.token(token.id) == text) return token.id;
  }
  return {};
}

std::optional<std::int32_t> separator(const PrepareCommandOptions& options,
                                      const Tokenizer& tokenizer) {
  if (!options.separator) return find_special(tokenizer, usual_separator);
  if (options.separator->empty()) return {};
  const auto id = find_special(tokenizer, *options.separator);
  CAROUSEL_CHECK(id, "--separator: the tokenizer has no special token {}", *options.separator);
  return id;
}

// Of 1,234,567 bytes: "1.2 MB".
std::string megabytes(std::int64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

std::string progress(const PrepareCounts& counts, double seconds) {
  const double share = static_cast<double>(counts.bytes_read) /
                       static_cast<double>(std::max<std::int64_t>(counts.bytes, 1));
  return fmt::format("{} of {}  {} documents  {} tokens  {}/s  {} left",
                     megabytes(counts.bytes_read), megabytes(counts.bytes), counts.documents,
                     counts.tokens,
                     megabytes(static_cast<std::int64_t>(static_cast<double>(counts.bytes_read) /
                                                         std::max(seconds, 1e-9))),
                     duration(seconds * (1 - share) / std::max(share, 1e-9)));
}

std::string plural(std::int64_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

void report(const PrepareCounts& counts, const PrepareCommandOptions& options) {
  std::string text =
      fmt::format("{} of {}", plural(counts.tokens, "token"), plural(counts.documents, "document"));
  if (counts.validation_documents > 0) {
    text +=
        fmt::format(", {} of {} of them for validation", plural(counts.validation_tokens, "token"),
                    plural(counts.validation_documents, "document"));
  }
  print(fmt::format("{}: {}\n", options.out.string(), text));
  if (counts.empty > 0) {
    print_note(fmt::format("{} without text left out", plural(counts.empty, "document")));
  }
}

}  // namespace

int run(const PrepareCommandOptions& options) {
  set_threads(options.threads);
  if (!options.verify.empty()) {
    verify_prepared(options.verify);
    print(fmt::format("{}: all files are as they were made\n", options.verify.string()));
    return 0;
  }
  const Tokenizer tokenizer = named_tokenizer(options.tokenizer);
  const Interrupt interrupt;
  const auto start = Clock::now();
  std::optional<PrepareCounts> counts;
  {
    StatusLine status;
    const auto go_on = [&](const PrepareCounts& so_far) {
      const std::chrono::duration<double> elapsed = Clock::now() - start;
      if (status.due()) status.show(progress(so_far, elapsed.count()));
      return !Interrupt::requested();
    };
    counts = prepare({.inputs = options.inputs,
                      .out = options.out,
                      .tokenizer = tokenizer,
                      .separator = separator(options, tokenizer),
                      .val_fraction = options.val_fraction,
                      .seed = options.seed,
                      .shard_tokens = options.shard_tokens},
                     go_on);
  }
  if (!counts) {
    print_note("interrupted; nothing was written");
    return Interrupt::exit_code();
  }
  report(*counts, options);
  return 0;
}

}  // namespace carousel::program
