// A corpus takes no memory, however large.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/archive.h"
#include "core/manifest.h"
#include "data/prepared.h"
#include "data/token_file.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/tiny_model.h"
#include "tests/program/training_scene.h"
#include "text/tokenizer_files.h"

// Sanitizers keep freed memory for a while.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CAROUSEL_SANITIZED true
#elif defined(__has_feature)
#define CAROUSEL_SANITIZED __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#else
#define CAROUSEL_SANITIZED false
#endif

namespace carousel {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t document = 500;         // tokens
constexpr std::int64_t per_shard = 100000000;  // tokens

// Tokens of two bytes, all zero, which take no place on the disk.
void make_shard(const fs::path& file, std::int64_t tokens) {
  put(file, token_file_header(TokenWidth::two, tokens));
  fs::resize_file(file, static_cast<std::uintmax_t>(1024 + 2 * tokens));
}

std::string starts_of(std::int64_t documents) {
  std::vector<std::uint32_t> starts;
  for (std::int64_t i = 0; i < documents; ++i) {
    starts.push_back(static_cast<std::uint32_t>(i * document));
  }
  return {reinterpret_cast<const char*>(starts.data()), starts.size() * 4};
}

void make_prepared(const fs::path& directory, std::int64_t tokens) {
  fs::create_directory(directory);
  PreparedIndex index;
  index.vocab_size = 256;
  for (std::int64_t left = tokens; left > 0; left -= per_shard) {
    const PreparedIndex::Shard shard{std::min(left, per_shard),
                                     (std::min(left, per_shard) + document - 1) / document};
    const std::size_t number = index.training.size();
    make_shard(directory / shard_name("training", number, ".bin"), shard.tokens);
    put(directory / shard_name("training", number, ".starts"), starts_of(shard.documents));
    index.training.push_back(shard);
  }
  save_archive(directory / "index", index);
  save_tokenizer(directory, Tokenizer::bytes());
  write_manifest(directory);
}

// The same number of bytes, which training reads as text, as ids, and as documents of ids.
void make_data(const TemporaryDirectory& directory, const std::string& name, std::int64_t bytes) {
  put(directory / (name + "-text"), "");
  fs::resize_file(directory / (name + "-text"), static_cast<std::uintmax_t>(bytes));
  make_shard(directory / (name + "-llmc.bin"), bytes / 2);
  make_prepared(directory / (name + "-prepared"), bytes / 2);
}

// Bytes under a name in what the system knows of this process.
std::int64_t memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stoll(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

// The most that is resident while training opens the data, checks it, makes steps and saves. In
// this process: that of a new one has its peak when the libraries are loaded.
std::int64_t peak(const TemporaryDirectory& directory, const std::string& data,
                  const std::string& order) {
  const auto path = [&](const std::string& name) { return (directory / name).string(); };
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak so far is forgotten
  const Run run = run_here({"train",
                            "--model",
                            path("config"),
                            "--data",
                            path(data),
                            "--out",
                            path("out"),
                            "--order",
                            order,
                            "--steps",
                            "12",
                            "--batch",
                            "4",
                            "--context",
                            "256",
                            "--save-every",
                            "4",
                            "--val-fraction",
                            "0",
                            "--sample",
                            "0"});
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  return memory("VmHWM");
}

}  // namespace

// 128 MB here; CAROUSEL_LARGE_CORPUS=4294967294 in .ci/slow, the most that a shard of llm.c holds.
TEST_CASE("large corpus: training needs the memory that it needs with a small one" *
          doctest::skip(CAROUSEL_SANITIZED)) {
  const TemporaryDirectory directory;
  put(directory / "config", to_json(tiny_config()));
  const char* const given = std::getenv("CAROUSEL_LARGE_CORPUS");
  const std::int64_t bytes = given != nullptr ? std::atoll(given) : 128000000;
  make_data(directory, "small", 8000000);
  make_data(directory, "large", bytes);
  const std::vector<std::pair<std::string, std::string>> runs{
      {"text", "shuffled"},       {"llmc.bin", "shuffled"}, {"prepared", "shuffled"},
      {"prepared", "sequential"}, {"prepared", "packed"},   {"prepared", "streams"}};
  peak(directory, "small-prepared", "packed");  // what is done once is done
  for (const auto& [kind, order] : runs) {
    const std::int64_t small = peak(directory, "small-" + kind, order);
    const std::int64_t large = peak(directory, "large-" + kind, order);
    MESSAGE(kind, ", ", order, ": ", small / 1000, " kB with a corpus of 8 MB, ", large / 1000,
            " kB with one of ", bytes / 1000000, " MB");
    // Of 4 GB a packed row in 64 is remembered, 1 MB in a vector that doubles, and a document in
    // 256, 64 kB. The system counts pages roughly.
    CHECK(large - small <= 4000000);
  }
}

}  // namespace carousel
