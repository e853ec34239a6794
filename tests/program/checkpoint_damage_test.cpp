// Checkpoints that are not what was written.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "core/file.h"
#include "core/manifest.h"
#include "examples/language_model/checkpoint.h"
#include "tests/core/complaint.h"
#include "tests/program/training_scene.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

// A run with checkpoints of steps 2 and 4, and what comes of it when nothing gets damaged.
struct Scene : TrainingScene {
  Outcome want;

  Scene() {
    const Arguments more{"--steps", "6", "--save-every", "2", "--sample-every", "2"};
    want = outcome(run_here(anew(more)));
    fs::remove_all(out);
    run_until(4, anew(more));
    REQUIRE(program::checkpoint_steps(unfinished()) == std::vector<std::int64_t>{2, 4});
  }

  fs::path checkpoint(int step) const { return program::checkpoint_path(unfinished(), step); }

  // Resuming names the damage in one line, goes on from step 2, and ends as it should.
  void check_falls_back(const std::string& culprit) const {
    INFO(culprit);
    const Run run = run_here(resume());
    CHECK(outcome(run) == want);
    const auto said = lines(run.error);
    REQUIRE(said.size() >= 2);
    CHECK(said[0].find("step 4 is damaged") != std::string::npos);
    CHECK(said[0].find(culprit) != std::string::npos);
    CHECK(said[1].ends_with("going on from " + checkpoint(2).string()));
  }
};

std::vector<fs::path> files_in(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) files.push_back(entry.path());
  return files;
}

// Whether the manifest's complaint names the file or, as both may be wrong, the manifest.
bool named(const fs::path& checkpoint, const fs::path& file) {
  try {
    check_manifest(checkpoint);
  } catch (const Error& error) {
    const std::string_view sentence = error.what();
    return sentence.find(file.string()) != sentence.npos &&
           sentence.find((checkpoint / "checksums").string()) != sentence.npos;
  }
  return false;
}

}  // namespace

TEST_CASE("checkpoint: one flipped bit in any byte of any file is found and named") {
  const Scene s;
  const fs::path checkpoint = s.checkpoint(4);
  std::size_t bytes = 0, missed = 0;
  for (const auto& file : files_in(checkpoint)) {
    const std::string whole = read_file(file);
    const Descriptor open(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    const bool is_manifest = file.filename() == "checksums";
    for (std::size_t i = 0; i < whole.size(); ++i, ++bytes) {
      const char flipped = static_cast<char>(whole[i] ^ 1 << i % 8);
      REQUIRE(::pwrite(open, &flipped, 1, static_cast<off_t>(i)) == 1);
      missed += !named(checkpoint, is_manifest ? fs::path(file.filename()) : file);
      REQUIRE(::pwrite(open, &whole[i], 1, static_cast<off_t>(i)) == 1);
    }
  }
  CHECK(bytes > 10000);
  CHECK(missed == 0);
  CHECK_NOTHROW(check_manifest(checkpoint));
}

TEST_CASE("checkpoint: a file cut off at any 4 KiB, or gone, is found and named") {
  const Scene s;
  const fs::path checkpoint = s.checkpoint(4);
  for (const auto& file : files_in(checkpoint)) {
    const std::string whole = read_file(file);
    const auto check = [&] {
      const std::string sentence = complaint(s.directory, [&] { check_manifest(checkpoint); });
      INFO(sentence);
      CHECK(sentence.find(file.filename().string()) != std::string::npos);
    };
    std::vector<std::size_t> sizes{whole.size() - 1};
    for (std::size_t size = 0; size < whole.size(); size += 4096) sizes.push_back(size);
    for (const std::size_t size : sizes) {
      fs::resize_file(file, size);
      check();
      write_file_atomically(file, whole);
    }
    fs::remove(file);
    check();
    write_file_atomically(file, whole);
  }
  CHECK_NOTHROW(check_manifest(checkpoint));
}

TEST_CASE("checkpoint: the newest whole one is gone on from") {
  {
    const Scene s;
    fs::resize_file(s.checkpoint(4) / "state.safetensors", 4096);
    s.check_falls_back("state.safetensors has another checksum");
  }
  {
    const Scene s;
    fs::remove(s.checkpoint(4) / "checksums");
    s.check_falls_back("checksums");
  }
  {
    const Scene s;
    fs::remove_all(s.checkpoint(4));
    write_file_atomically(s.checkpoint(4), "a file");
    s.check_falls_back("Not a directory");
  }
}

TEST_CASE("checkpoint: where none is whole, every damage is named, and nothing is removed") {
  const Scene s;
  fs::resize_file(s.checkpoint(4) / "run.json", 0);
  fs::remove(s.checkpoint(2) / "model.safetensors");
  check_failed(run_here(s.resume()), 1,
               {"no whole checkpoint", "step 4", "run.json", "step 2", "model.safetensors"});
  CHECK(program::checkpoint_steps(s.unfinished()).size() == 2);
}

}  // namespace carousel
