// A corpus takes no memory, however large.

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/archive.h"
#include "core/manifest.h"
#include "data/prepared.h"
#include "data/token_file.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"
#include "text/tokenizer_files.h"

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

// The most memory that training needs at once, with checkpoints on the way.
std::int64_t peak(const TemporaryDirectory& directory, const std::string& data,
                  const std::string& order) {
  StartedProgram program({"train",
                          "--model",
                          (directory / "config").string(),
                          "--data",
                          (directory / data).string(),
                          "--out",
                          (directory / "out").string(),
                          "--order",
                          order,
                          "--steps",
                          "30",
                          "--batch",
                          "8",
                          "--context",
                          "256",
                          "--save-every",
                          "5",
                          "--eval-tokens",
                          "5000",
                          "--sample",
                          "0"});
  std::int64_t most = 0;
  while (const std::int64_t now = program.peak_memory()) {
    most = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const Run run = program.wait();
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  return most;
}

}  // namespace

// 128 MB here; CAROUSEL_LARGE_CORPUS=4294967296 in .ci/slow.
TEST_CASE("large corpus: training needs the memory that it needs with a small one") {
  const TemporaryDirectory directory;
  put(directory / "config", to_json(tiny_config()));
  const char* const given = std::getenv("CAROUSEL_LARGE_CORPUS");
  const std::int64_t bytes = given != nullptr ? std::atoll(given) : 128000000;
  make_data(directory, "small", 8000000);
  make_data(directory, "large", bytes);
  const std::vector<std::pair<std::string, std::string>> runs{
      {"text", "shuffled"},       {"llmc.bin", "shuffled"}, {"prepared", "shuffled"},
      {"prepared", "sequential"}, {"prepared", "packed"},   {"prepared", "streams"}};
  for (const auto& [kind, order] : runs) {
    const std::int64_t small = peak(directory, "small-" + kind, order);
    const std::int64_t large = peak(directory, "large-" + kind, order);
    MESSAGE(kind, ", ", order, ": ", small / 1000, " kB with a corpus of 8 MB, ", large / 1000,
            " kB with one of ", bytes / 1000000, " MB");
    // Of 4 GB a packed row in 64 is remembered, 1 MB, and a document in 256, 64 kB. The same run
    // made twice differs by about 1 MB.
    CHECK(large - small <= 4000000);
  }
}

}  // namespace carousel
