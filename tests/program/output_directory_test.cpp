#include "examples/language_model/output_directory.h"

#include <doctest/doctest.h>

#include "core/directory.h"
#include "core/error.h"
#include "core/file.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/core/temporary_directory.h"

namespace carousel::program {

namespace {

namespace fs = std::filesystem;

void put_model(const fs::path& directory, std::string_view mark) {
  for (const char* const name : {"config.json", "model.safetensors", "metrics.jsonl"}) {
    put(directory / name, mark);
  }
}

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), {}));
}

}  // namespace

TEST_CASE("output directory: a new one goes away again unless something was finished") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "a/b";
  {
    OutputDirectory out(path, Start::anew);
    put(out.unfinished() / "metrics.jsonl", "x");
  }
  CHECK(!fs::exists(path));
  {
    OutputDirectory out(path, Start::anew);
    put_model(out.unfinished(), "new");
    out.finish();
  }
  CHECK(entries(path) == 3);
  CHECK(read_file(path / "model.safetensors") == "new");
}

TEST_CASE("output directory: a model stays until the next is finished, other files for ever") {
  const TemporaryDirectory directory;
  put_model(directory.path(), "old");
  put(directory / "notes", "mine");
  {
    OutputDirectory out(directory.path(), Start::anew);
    put_model(out.unfinished(), "half");
    CHECK(read_file(directory / "config.json") == "old");
  }
  CHECK(read_file(directory / "config.json") == "old");
  CHECK(entries(directory.path()) == 4);
  {
    OutputDirectory out(directory.path(), Start::anew);
    put_model(out.unfinished(), "new");
    out.finish();
  }
  CHECK(read_file(directory / "config.json") == "new");
  CHECK(read_file(directory / "notes") == "mine");
  CHECK(entries(directory.path()) == 4);
}

TEST_CASE("output directory: what a killed run left is cleared away") {
  const TemporaryDirectory directory;
  fs::create_directory(directory / "unfinished-training");
  put(directory / "unfinished-training/metrics.jsonl", "old");
  {
    const OutputDirectory out(directory.path(), Start::anew);
    CHECK(entries(out.unfinished()) == 0);
  }
  CHECK(entries(directory.path()) == 0);
}

TEST_CASE("output directory: files of someone else are a reason to stay away") {
  const TemporaryDirectory directory;
  put(directory / "config.json", "{}");
  CHECK_THROWS_AS(OutputDirectory(directory.path(), Start::anew), Error);
  CHECK_THROWS_AS(OutputDirectory(directory / "config.json", Start::anew), Error);
  CHECK_THROWS_AS(OutputDirectory(directory / "config.json/sub", Start::anew), Error);
  CHECK(entries(directory.path()) == 1);
}

TEST_CASE(
    "output directory: checkpoints stay until the run is finished, and only --resume goes on") {
  const TemporaryDirectory directory;
  const fs::path path = directory / "out";
  {
    OutputDirectory out(path, Start::anew);
    make_directories(out.unfinished() / "step-5");
    put(out.unfinished() / "metrics.jsonl", "x");
  }
  CHECK_THROWS_AS(OutputDirectory(path, Start::anew), Error);
  CHECK(fs::exists(path / "unfinished-training/step-5"));
  {
    put(path / "unfinished-training/model.safetensors.7.0.tmp", "half");
    make_directories(path / "unfinished-training/step-6.part");
    OutputDirectory out(path, Start::resumed);
    CHECK(entries(out.unfinished()) == 1);
    CHECK_THROWS_AS(OutputDirectory(path, Start::resumed), Error);  // one run at a time
    put_model(out.unfinished(), "new");
    out.finish();
  }
  CHECK(entries(path) == 3);
  CHECK_THROWS_AS(OutputDirectory(path, Start::resumed), Error);
}

}  // namespace carousel::program
