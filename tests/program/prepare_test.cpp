// `carousel prepare`, and training on what it makes.

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "core/error.h"
#include "core/file.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

struct Scene {
  TemporaryDirectory directory;
  std::string texts = (directory / "texts").string();
  std::string data = (directory / "data").string();
  std::string config = (directory / "config").string();
  std::string out = (directory / "out").string();

  Scene() {
    fs::create_directory(texts);
    for (int i = 0; i < 10; ++i) {
      put(directory / fmt::format("texts/{}", i), tiny_text(static_cast<std::size_t>(20 + 15 * i)));
    }
    put(config, to_json(tiny_config()));
  }

  Run prepare(const Arguments& more = {}) const {
    return run({"prepare", texts, "--out", data}, more);
  }
  Run train(const Arguments& more) const {
    return run({"train", "--model", config, "--out", out, "--steps", "3", "--batch", "2",
                "--context", "8", "--sample", "0"},
               more);
  }

 private:
  static Run run(Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
};

}  // namespace

TEST_CASE("prepare: says what it made, and verifies it") {
  const Scene s;
  const Run made = s.prepare({"--val-fraction", "0.3", "--seed", "4"});
  REQUIRE(made.exit_code == 0);
  CHECK(made.output.starts_with(s.data + ": 875 tokens of 10 documents, "));
  CHECK(made.output.ends_with("of them for validation\n"));
  CHECK(made.error.find("0.0 MB of 0.0 MB  10 documents  875 tokens") != std::string::npos);
  const Run whole = run_program({"prepare", "--verify", s.data});
  CHECK(whole.exit_code == 0);
  CHECK(whole.output == s.data + ": all files are as they were made\n");

  const fs::path shard = fs::path(s.data) / "training-00000.bin";
  std::string bytes = read_file(shard);
  bytes[1030] = 'X';
  put(shard, bytes);
  check_failed(run_program({"prepare", "--verify", s.data}), 1, {shard.string(), "checksum"});
  check_failed(s.prepare(), 1, {s.data, "exists"});
}

TEST_CASE("prepare: options that make no sense are refused") {
  const Scene s;
  check_failed(run_program({"prepare", "--out", s.data}), 2, {"PATH"});
  check_failed(run_program({"prepare", s.texts}), 2, {"--out"});
  check_failed(run_program({"prepare", "--verify", s.data, "--out", s.data}), 2,
               {"--verify", "--out"});
  check_failed(s.prepare({"--val-fraction", "1"}), 2, {"--val-fraction"});
  check_failed(s.prepare({"--separator", "<|end|>"}), 1, {"--separator", "<|end|>"});
  check_failed(s.prepare({"--tokenizer", s.config}), 1, {s.config});
  CHECK(!fs::exists(s.data));
}

TEST_CASE("prepare: Ctrl-C leaves nothing behind, and kill -9 nothing that is in the way") {
  const Scene s;
  std::string much;
  while (much.size() < 10000000) much += tiny_text(1000);
  for (int i = 0; i < 20; ++i) put(fs::path(s.texts) / fmt::format("much{}", i), much);
  const auto stop = [&](int signal) {
    StartedProgram program({"prepare", s.texts, "--out", s.data});
    while (!fs::exists(s.data + ".part")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    program.signal(signal);
    return program.wait();
  };
  const Run run = stop(SIGINT);
  CHECK(run.exit_code == 128 + SIGINT);
  CHECK(lines(run.error).back() == "carousel: interrupted; nothing was written");
  CHECK(!fs::exists(s.data));
  CHECK(!fs::exists(s.data + ".part"));

  CHECK(stop(SIGKILL).exit_code == 128 + SIGKILL);
  CHECK(!fs::exists(s.data));
  CHECK(fs::exists(s.data + ".part"));
  for (int i = 0; i < 20; ++i) fs::remove(fs::path(s.texts) / fmt::format("much{}", i));
  CHECK(s.prepare().exit_code == 0);
  CHECK(run_program({"prepare", "--verify", s.data}).exit_code == 0);
  CHECK(!fs::exists(s.data + ".part"));
}

TEST_CASE("train: on prepared data in every order, and the tokenizer comes along") {
  const Scene s;
  REQUIRE(s.prepare({"--val-fraction", "0.3"}).exit_code == 0);
  for (const char* const order : {"shuffled", "sequential", "packed", "streams"}) {
    const Run run = s.train({"--data", s.data, "--order", order});
    INFO(order, ": ", run.error);
    REQUIRE(run.exit_code == 0);
    CHECK(run.output.starts_with("validation loss"));
    CHECK(read_file(fs::path(s.out) / "tokenizer.json") ==
          read_file(fs::path(s.data) / "tokenizer.json"));
  }
  const Run eval = run_program({"eval", "--model", s.out, "--data", s.data, "--json"});
  const Run apart =
      run_program({"eval", "--model", s.out, "--data", s.data, "--json", "--documents"});
  CHECK(eval.exit_code == 0);
  CHECK(apart.exit_code == 0);
  CHECK(eval.output != apart.output);
}

TEST_CASE("train: what is validated on") {
  const Scene s;
  REQUIRE(s.prepare({"--val-fraction", "0.3"}).exit_code == 0);
  put(s.directory / "other", tiny_text(51));
  const std::string other = (s.directory / "other").string();
  const auto over = [&](const Arguments& more) {
    const Run run = s.train(more);
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    const auto at = run.output.find("over ");
    return at == run.output.npos ? "nothing" : run.output.substr(at + 5);
  };
  CHECK(over({"--data", other}) == "4 bytes\n");
  CHECK(over({"--data", other, "--val-fraction", "0.2"}) == "9 bytes\n");
  CHECK(over({"--data", s.data, "--val-data", other}) == "50 bytes\n");
  CHECK(over({"--data", s.data, "--val-data", other, "--eval-tokens", "7"}) == "7 bytes\n");
  CHECK(over({"--data", s.data, "--val-fraction", "0"}) == "nothing");
  CHECK(over({"--data", other, "--val-data", s.data}) == over({"--data", s.data}));
  check_failed(s.train({"--data", s.data, "--val-data", other, "--val-fraction", "0"}), 2,
               {"--val-data", "--val-fraction"});
  put(s.directory / "one", "x");
  check_failed(s.train({"--data", s.data, "--val-data", (s.directory / "one").string()}), 1,
               {"1 byte", "at least 2"});
}

TEST_CASE("train: prepared data that does not fit is refused") {
  const Scene s;
  REQUIRE(s.prepare().exit_code == 0);
  put(s.directory / "ids.bin", as_ids({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  const std::string ids = (s.directory / "ids.bin").string();
  check_failed(s.train({"--data", ids, "--order", "packed"}), 1, {"--order packed", "prepare"});
  check_failed(s.train({"--data", s.data, "--order", "streams", "--accumulate", "250"}), 1,
               {"500 streams"});
  check_failed(s.train({"--data", s.texts}), 1, {s.texts, "index.json"});

  // A model of another tokenizer.
  REQUIRE(run_program({"tokenizer", "train", s.texts + "/9", "--vocab-size", "260", "--out",
                       (s.directory / "bpe").string()})
              .exit_code == 0);
  check_failed(s.train({"--data", s.data, "--tokenizer", (s.directory / "bpe").string()}), 1,
               {s.data, "another tokenizer"});
  // A model of fewer tokens than are in the data.
  put(s.config, to_json(tiny_config(100)));
  check_failed(s.train({"--data", s.data}), 1, {"training-00000.bin", "vocabulary of 100"});
  CHECK(!fs::exists(s.out));
}

}  // namespace carousel
