#include "data/prepare.h"

#include <exception>

#include "core/archive.h"
#include "core/directory.h"
#include "core/error.h"
#include "core/manifest.h"
#include "core/parallel.h"
#include "core/random.h"
#include "data/documents.h"
#include "data/shard_writer.h"
#include "text/tokenizer_files.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t bytes_at_once = std::int64_t{8} << 20;

using Ids = std::vector<std::int32_t>;

// The name that a directory is renamed to: without a slash at its end.
fs::path target(const fs::path& out) {
  const fs::path path = out.lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

void check_target(const fs::path& path) {
  std::error_code ignored;
  CAROUSEL_CHECK(!fs::exists(path, ignored) || fs::is_empty(path, ignored),
                 "cannot make {}: it exists already", path.string());
}

class Preparation {
 public:
  explicit Preparation(const PrepareOptions& options)
      : options_(options),
        path_(target(options.out)),
        reader_(options.inputs),
        choice_(Random{options.seed}.named("validation")) {
    check_target(path_);
    counts_.bytes = reader_.bytes();
  }

  std::optional<PrepareCounts> run(const std::function<bool(const PrepareCounts&)>& go_on) {
    if (path_.has_parent_path()) make_directories(path_.parent_path());
    AtomicDirectory made(path_);
    if (!write_documents(made.filling(), go_on)) return {};
    check_split();
    save_tokenizer(made.filling(), options_.tokenizer);
    save_archive(made.filling() / "index", index_);
    write_manifest(made.filling());
    made.commit();
    return counts_;
  }

 private:
  bool write_documents(const fs::path& directory,
                       const std::function<bool(const PrepareCounts&)>& go_on) {
    index_.vocab_size = options_.tokenizer.vocab_size();
    index_.separator = options_.separator;
    const TokenWidth width = width_for(index_.vocab_size);
    ShardWriter training(directory, "training", width, options_.shard_tokens);
    ShardWriter validation(directory, "validation", width, options_.shard_tokens);
    for (;;) {
      const auto documents = reader_.next(bytes_at_once);
      if (documents.empty()) break;
      for (const Ids& ids : encode_all(documents)) {
        if (ids.empty()) {
          ++counts_.empty;
        } else {
          (count_document(std::ssize(ids)) ? validation : training).add(ids);
        }
      }
      counts_.bytes_read = reader_.bytes_read();
      if (go_on && !go_on(counts_)) return false;
    }
    index_.training = training.finish();
    index_.validation = validation.finish();
    return true;
  }

  // The ids of each, none for one without text. The first error in their order is thrown.
  std::vector<Ids> encode_all(std::span<const RawDocument> documents) const {
    std::vector<Ids> ids(documents.size());
    std::vector<std::exception_ptr> errors(documents.size());
    parallel_for(std::ssize(documents), 1, [&](std::int64_t begin, std::int64_t) {
      const auto i = static_cast<std::size_t>(begin);
      try {
        ids[i] = encode(documents[i]);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    });
    for (const auto& error : errors) {
      if (error) std::rethrow_exception(error);
    }
    return ids;
  }

  Ids encode(const RawDocument& document) const {
    std::string storage;
    const std::string_view text = document.text(storage);
    if (text.empty()) return {};
    try {
      Ids ids = options_.tokenizer.encode(text, Specials::plain_text);
      if (options_.separator) ids.insert(ids.begin(), *options_.separator);
      return ids;
    } catch (const Error& error) {
      fail("{}: {}", document.origin(), error.what());
    }
  }

  // True: the document is for validation.
  bool count_document(std::int64_t tokens) {
    const auto number = static_cast<std::uint64_t>(counts_.documents++);
    counts_.tokens += tokens;
    const bool chosen = choice_.uniform(number) < options_.val_fraction;
    if (chosen) {
      ++counts_.validation_documents;
      counts_.validation_tokens += tokens;
    }
    return chosen;
  }

  void check_split() const {
    CAROUSEL_CHECK(counts_.documents > 0, "there is no text in {}",
                   options_.inputs.front().string());
    CAROUSEL_CHECK(
        options_.val_fraction == 0 || counts_.validation_documents > 0,
        "a val-fraction of {} leaves none of {} documents for validation; want more, or 0",
        options_.val_fraction, counts_.documents);
    CAROUSEL_CHECK(counts_.validation_documents < counts_.documents,
                   "a val-fraction of {} leaves none of {} documents for training; want less",
                   options_.val_fraction, counts_.documents);
  }

  const PrepareOptions& options_;
  fs::path path_;
  DocumentReader reader_;
  Random choice_;
  PreparedIndex index_;
  PrepareCounts counts_;
};

}  // namespace

std::optional<PrepareCounts> prepare(const PrepareOptions& options,
                                     const std::function<bool(const PrepareCounts&)>& go_on) {
  return Preparation(options).run(go_on);
}

}  // namespace carousel
