// A corpus takes no memory, however large.

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

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

constexpr std::int64_t document = 500;  // tokens

// A shard of 16-bit zeros, which take no place on the disk, and documents in them.
void make_data(const fs::path& directory, std::int64_t tokens) {
  const std::int64_t documents = (tokens + document - 1) / document;
  fs::create_directory(directory);
  put(directory / "training-00000.bin", token_file_header(TokenWidth::two, tokens));
  fs::resize_file(directory / "training-00000.bin", static_cast<std::uintmax_t>(1024 + 2 * tokens));
  std::vector<std::uint32_t> starts;
  for (std::int64_t i = 0; i < documents; ++i) {
    starts.push_back(static_cast<std::uint32_t>(i * document));
  }
  put(directory / "training-00000.starts",
      {reinterpret_cast<const char*>(starts.data()), starts.size() * 4});
  PreparedIndex index;
  index.vocab_size = 256;
  index.training = {{tokens, documents}};
  save_archive(directory / "index", index);
  save_tokenizer(directory, Tokenizer::bytes());
  write_manifest(directory);
}

// The most memory that training needs at once.
std::int64_t peak(const TemporaryDirectory& directory, const std::string& data,
                  const std::string& order) {
  const Run run = run_program({"train", "--model", (directory / "config").string(), "--data",
                               (directory / data).string(), "--out", (directory / "out").string(),
                               "--order", order, "--steps", "20", "--batch", "32", "--context",
                               "256", "--eval-tokens", "5000", "--sample", "0"});
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  return run.peak_memory;
}

}  // namespace

// 200 MB here; CAROUSEL_LARGE_CORPUS=4294967294 in .ci/slow, the most that fits a shard.
TEST_CASE("large corpus: training needs the memory that it needs with a small one") {
  const TemporaryDirectory directory;
  put(directory / "config", to_json(tiny_config()));
  const char* const given = std::getenv("CAROUSEL_LARGE_CORPUS");
  const std::int64_t bytes = given != nullptr ? std::atoll(given) : 200000000;
  make_data(directory / "small", 10000000 / 2);
  make_data(directory / "large", bytes / 2);
  for (const std::string order : {"shuffled", "packed", "streams"}) {
    const std::int64_t small = peak(directory, "small", order);
    const std::int64_t large = peak(directory, "large", order);
    MESSAGE(order, ": ", small / 1000000, " MB with a corpus of 10 MB, ", large / 1000000,
            " MB with one of ", bytes / 1000000, " MB");
    // Where documents begin is read whole at the start: 4 bytes for 1,000; and a packed row in 64
    // is remembered.
    CHECK(large - small <= 4000000 + bytes / 200);
  }
}

}  // namespace carousel
