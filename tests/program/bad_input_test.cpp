// Files that are not there, not whole, or not what they should be.

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "core/file.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

// A text, a config and a model, and the names of things that are wrong.
struct Scene {
  TemporaryDirectory directory;
  std::string text = (directory / "text").string();
  std::string config = (directory / "config.json").string();
  std::string model = (directory / "model").string();
  std::string out = (directory / "out").string();

  Scene() {
    put(text, tiny_text(300));
    put(config, to_json(tiny_config()));
    write_tiny_model(model, tiny_config());
  }

  std::string path(const char* name) const { return (directory / name).string(); }
  std::string file(const char* name, std::string_view bytes) const {
    put(path(name), bytes);
    return path(name);
  }

  Run train(const Arguments& more) const {
    Arguments arguments{"train", "--out", out, "--steps", "2", "--batch", "2", "--sample", "0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }

  // Training fails with a sentence that names the culprits, and leaves nothing behind.
  void check_refused(const Arguments& more, const std::vector<std::string>& culprits) const {
    INFO("train ", fmt::format("{}", fmt::join(more, " ")));
    check_failed(train(more), 1, culprits);
    CHECK(!fs::exists(out));
  }
};

}  // namespace

TEST_CASE("train: data that cannot be used is refused by name") {
  const Scene s;
  const auto refuse = [&](const Arguments& data, const std::vector<std::string>& culprits) {
    Arguments arguments{"--model", s.config, "--context", "8", "--data"};
    arguments.insert(arguments.end(), data.begin(), data.end());
    s.check_refused(arguments, culprits);
  };
  refuse({s.path("missing")}, {s.path("missing")});
  refuse({s.directory.path().string()}, {s.directory.path().string(), "no index.json"});
  refuse({s.file("empty", "")}, {s.path("empty"), "empty"});
  refuse({s.text, s.file("empty", "")}, {s.path("empty"), "empty"});
  refuse({s.file("short", "12345678")}, {"8 bytes", "at least 9"});
  refuse({s.file("odd.bin", "abc")}, {s.path("odd.bin"), "3 bytes"});
  refuse({s.text, s.file("a.bin", "ab")}, {s.text, s.path("a.bin")});
  refuse({s.file("one.bin", as_ids({1}))}, {"1 token", "at least 9"});
}

TEST_CASE("train: token ids outside the vocabulary are refused with file, place and id") {
  const Scene s;
  put(s.config, to_json(tiny_config(100)));
  s.check_refused({"--model", s.config, "--context", "2", "--data",
                   s.file("ids.bin", as_ids({1, 2, 3, 99, 4, 5, 300, 6, 7, 8, 9, 10, 11, 12}))},
                  {s.path("ids.bin"), "token 300", "byte 12", "100"});
  s.check_refused({"--model", s.config, "--context", "2", "--data",
                   s.file("bytes", "aaaabbbbccccddddeeeeffff")},
                  {s.path("bytes"), "token 100", "byte 12", "100"});
}

TEST_CASE("train: a validation share without a token to predict is refused") {
  const Scene s;
  s.check_refused(
      {"--model", s.config, "--context", "8", "--val-fraction", "0.001", "--data", s.text},
      {"--val-fraction", "0.001"});
}

TEST_CASE("train: a model that makes no sense is refused by name") {
  const Scene s;
  s.check_refused({"--model", s.path("missing"), "--data", s.text}, {s.path("missing")});
  s.check_refused({"--model", s.file("bad", "{\"vocab_size\": "), "--data", s.text},
                  {s.path("bad")});
  s.check_refused(
      {"--model", s.file("key", R"({"vocab_size": 256, "depth": 3})"), "--data", s.text},
      {s.path("key"), "depth"});
  s.check_refused({"--init", s.path("missing"), "--data", s.text}, {s.path("missing")});
  fs::remove(fs::path(s.model) / "model.safetensors");
  s.check_refused({"--init", s.model, "--data", s.text}, {"model.safetensors"});
}

TEST_CASE("train: an output directory that cannot be used is refused, and left as it is") {
  const Scene s;
  const auto refuse = [&](const std::string& out, const std::string& culprit) {
    INFO(out);
    const Run run = run_program({"train", "--model", s.config, "--data", s.text, "--steps", "1",
                                 "--out", out, "--context", "8"});
    check_failed(run, 1, {"--out", culprit});
  };
  refuse(s.text, s.text);
  refuse(s.text + "/model", s.text);
  refuse("/proc/nowhere/model", "/proc/nowhere");
  refuse(s.directory.path().string(), "holds other files");
  CHECK(read_file(s.text) == tiny_text(300));
  CHECK(!fs::exists(s.path("unfinished-training")));
}

TEST_CASE("train: a loss that is not finite ends it, and the model before stays") {
  const Scene s;
  const Arguments usual{"--model", s.config, "--data", s.text, "--context", "8"};
  REQUIRE(s.train(usual).exit_code == 0);
  const std::string weights = read_file(fs::path(s.out) / "model.safetensors");
  const std::string metrics = read_file(fs::path(s.out) / "metrics.jsonl");

  Arguments wild = usual;
  wild.insert(wild.end(), {"--lr", "1e30", "--warmup", "0"});
  check_failed(s.train(wild), 1, {"step 2", "nan", "weight"});
  CHECK(read_file(fs::path(s.out) / "model.safetensors") == weights);
  CHECK(read_file(fs::path(s.out) / "metrics.jsonl") == metrics);
  CHECK(!fs::exists(fs::path(s.out) / "unfinished-training"));
}

TEST_CASE("eval, generate and info: a broken model directory is refused by name") {
  const Scene s;
  const auto refuse = [&](const std::vector<std::string>& culprits) {
    check_failed(run_program({"eval", "--model", s.model, "--data", s.text}), 1, culprits);
    check_failed(run_program({"generate", "--model", s.model, "--prompt", "x"}), 1, culprits);
    check_failed(run_program({"info", s.model}), 1, culprits);
  };
  const fs::path weights = fs::path(s.model) / "model.safetensors";
  const std::string whole = read_file(weights);

  put(weights, whole.substr(0, whole.size() - 1));
  refuse({weights.string()});
  put(weights, "");
  refuse({weights.string(), "empty"});
  put(weights, assemble(R"({"x": {"dtype": "F32", "shape": [4611686018427387904], )"
                        R"("data_offsets": [0, 4]}})",
                        "1234"));
  refuse({weights.string()});
  put(weights, raw({~std::uint64_t{0}}) + "{}");
  refuse({weights.string()});
  fs::remove(weights);
  fs::create_directory(weights);
  refuse({weights.string(), "directory"});
  fs::remove(weights);
  refuse({weights.string()});

  put(weights, whole);
  ModelConfig wider = tiny_config();
  wider.embedding_dim = 16;
  put(fs::path(s.model) / "config.json", to_json(wider));
  refuse({weights.string(), "shape"});
  put(fs::path(s.model) / "config.json", R"({"vocab_size": 256, "sledge": 1})");
  refuse({"config.json", "sledge"});
  fs::remove(fs::path(s.model) / "config.json");
  refuse({"config.json"});
  fs::remove_all(s.model);
  refuse({s.model});
}

TEST_CASE("eval: data and output that cannot be used are refused by name") {
  const Scene s;
  const auto refuse = [&](const std::string& data, const Arguments& more,
                          const std::vector<std::string>& culprits) {
    Arguments arguments{"eval", "--model", s.model, "--data", data};
    arguments.insert(arguments.end(), more.begin(), more.end());
    check_failed(run_program(arguments), 1, culprits);
  };
  refuse(s.path("missing"), {}, {s.path("missing")});
  refuse(s.file("empty", ""), {}, {s.path("empty")});
  refuse(s.file("one", "x"), {}, {"1 byte", "at least 2"});
  refuse(s.file("ids.bin", as_ids({5, 256})), {}, {s.path("ids.bin"), "token 256", "byte 2"});
  refuse(s.text, {"--logits", s.path("no/where")}, {s.path("no/where")});
  refuse(s.text, {"--logits", s.model}, {s.model});
}

TEST_CASE("generate: a model whose tokens are not bytes, and bytes it does not know") {
  const Scene s;
  write_tiny_model(s.model, tiny_config(300));
  check_failed(run_program({"generate", "--model", s.model}), 1, {s.model, "300", "256"});
  write_tiny_model(s.model, tiny_config(100));
  check_failed(run_program({"generate", "--model", s.model, "--prompt", "ax"}), 1,
               {s.model, "120", "100"});
}

TEST_CASE("program: output that cannot be written is an error, a closed pipe a quiet one") {
  const Scene s;
  for (const Arguments& arguments : {Arguments{"generate", "--model", s.model, "--tokens", "3"},
                                     Arguments{"eval", "--model", s.model, "--data", s.text},
                                     Arguments{"info", s.model}, Arguments{"--help"}}) {
    INFO(arguments.front());
    const Run run = run_program_into("/dev/full", arguments);
    check_failed(run, 1, {"standard output", "No space left"});
  }
}

}  // namespace carousel
