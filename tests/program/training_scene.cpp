#include "tests/program/training_scene.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "core/disk.h"
#include "core/error.h"
#include "core/file.h"
#include "core/parallel.h"
#include "data/prepare.h"
#include "examples/language_model/program.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/tiny_model.h"

namespace carousel {

namespace {

// Sends one of this process's streams into a file while it lives.
class Redirection {
 public:
  Redirection(int stream, const std::filesystem::path& file)
      : stream_(stream), before_(::dup(stream)) {
    const Descriptor to(::open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600));
    REQUIRE(::dup2(to, stream) == stream);
  }
  ~Redirection() { ::dup2(before_, stream_); }
  Redirection(const Redirection&) = delete;
  Redirection& operator=(const Redirection&) = delete;

 private:
  int stream_;
  Descriptor before_;
};

}  // namespace

TrainingScene::TrainingScene() {
  std::string ids;
  for (int i = 0; i < 500; ++i) ids += as_ids({(i * i % 7 + i % 5 * 3) % 32});
  put(directory / "ids.bin", ids);
  ModelConfig config = tiny_config(32);
  config.dropout = 0.1;
  put(directory / "config", to_json(config));
}

void TrainingScene::prepare_data() {
  const std::string ids = read_file(data);
  std::string tokens;
  for (std::size_t i = 0; i < ids.size(); i += 2) tokens += ids[i];
  std::filesystem::create_directory(directory / "texts");
  for (std::size_t i = 0; i < 40; ++i) {
    const std::size_t begin = i * i * 500 / 1600, end = (i + 1) * (i + 1) * 500 / 1600;
    put(directory / fmt::format("texts/{:02}", i), tokens.substr(begin, end - begin));
  }
  data = directory / "prepared";
  prepare({.inputs = {directory / "texts"},
           .out = data,
           .tokenizer = Tokenizer::bytes(),
           .separator = {}});
}

Arguments TrainingScene::anew(const Arguments& more) const {
  Arguments all{"train",      "--model",     (directory / "config").string(),
                "--data",     data.string(), "--out",
                out.string(), "--context",   "8",
                "--batch",    "2",           "--sample",
                "5"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Arguments TrainingScene::resume(const Arguments& more) const {
  Arguments all{"train", "--resume", out.string()};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

Outcome TrainingScene::outcome(const Run& run) const {
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK(!std::filesystem::exists(unfinished()));
  return {read_file(out / "config.json"), read_file(out / "model.safetensors"),
          read_file(out / "metrics.jsonl"), read_file(out / "samples.jsonl"), run.output};
}

Run run_here(const Arguments& arguments) {
  const TemporaryDirectory streams;
  const int threads_before = threads();
  std::vector<const char*> argv{"carousel"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  int exit_code = 0;
  std::cout.flush();
  {
    const Redirection out(STDOUT_FILENO, streams / "out"), error(STDERR_FILENO, streams / "err");
    exit_code = program::run_program(static_cast<int>(argv.size()), argv.data());
  }
  set_threads(threads_before);
  return {exit_code, read_file(streams / "out", Empty::allowed),
          read_file(streams / "err", Empty::allowed)};
}

Run TrainingScene::run_until(std::int64_t step, const Arguments& arguments) const {
  const auto journal = unfinished() / "metrics.jsonl";
  bool told = false;
  const disk::FaultInjection injection([&](disk::Call call) {
    if (call != disk::Call::write || told || !std::filesystem::exists(journal)) return 0;
    const std::string text = read_file(journal, Empty::allowed);
    told = std::count(text.begin(), text.end(), '\n') == step;
    if (told) std::raise(SIGINT);
    return 0;
  });
  return run_here(arguments);
}

}  // namespace carousel
