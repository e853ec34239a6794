// carousel tokenizer, and models whose tokens are not bytes.

#include <doctest/doctest.h>

#include <filesystem>

#include "core/file.h"
#include "nn/model_directory.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"
#include "text/tokenizer_files.h"
#include "text/utf8.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

const std::string gpt2 = CAROUSEL_SOURCE_DIR "/tests/golden/tokenizers/gpt2";

struct Scene {
  TemporaryDirectory directory;
  std::string text = path("text"), out = path("out"), config = path("config.json");

  Scene() {
    put(text, tiny_text(3000));
    put(config, to_json(tiny_config(420)));
  }
  std::string path(const char* name) const { return (directory / name).string(); }

  Run train(const Arguments& more) const {
    Arguments arguments{"train", "--out",  out,  "--steps",   "2", "--batch",
                        "2",     "--data", text, "--context", "8"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  }
};

std::string output(const Arguments& arguments) {
  const Run run = run_program(arguments);
  INFO(run.error);
  CHECK(run.exit_code == 0);
  return run.output;
}

}  // namespace

TEST_CASE("tokenizer: encode, decode and info") {
  const Scene s;
  const std::string ids = s.path("ids");
  put(s.text, "a\xFFz<|endoftext|>\n");
  CHECK(output({"tokenizer", "encode", "--tokenizer", "byte", s.text}) ==
        "97 255 122 60 124 101 110 100 111 102 116 101 120 116 124 62 10\n");
  const std::string encoded = output({"tokenizer", "encode", "--tokenizer", gpt2, s.text});
  CHECK(lines(encoded).size() == 1);
  put(ids, encoded);
  CHECK(output({"tokenizer", "decode", "--tokenizer", gpt2, ids}) == read_file(s.text));
  CHECK(output({"tokenizer", "encode", "--plain-text", "--tokenizer", gpt2, s.text}).size() >
        encoded.size());
  CHECK(output({"tokenizer", "encode", "--tokenizer", "byte"}) == "\n");  // of no input
  const std::string info = output({"tokenizer", "info", gpt2});
  for (const char* const part : {"420", "163", "<|endoftext|>"}) {
    CHECK(info.find(part) != std::string::npos);
  }
}

TEST_CASE("tokenizer: train") {
  const Scene s;
  const Run run = run_program({"tokenizer", "train", "--vocab-size", "290", "--special", "<end>",
                               "--special", "<pad>", s.text, s.text, "--out", s.out});
  CHECK(run.exit_code == 0);
  CHECK(run.error.find("290 tokens, 32 of them merges") != std::string::npos);
  const Tokenizer tokenizer = load_tokenizer(s.out);
  CHECK(tokenizer.vocab_size() == 290);
  CHECK(tokenizer.token(1) == "<pad>");
}

TEST_CASE("tokenizer: what makes no sense is one sentence") {
  const Scene s;
  check_failed(run_program({"tokenizer"}), 2, {"tokenizer", "subcommand"});
  check_failed(run_program({"tokenizer", "dance"}), 2, {"tokenizer", "dance"});
  check_failed(run_program({"tokenizer", "train", s.text, "--out", s.out}), 2,
               {"tokenizer train", "--vocab-size"});
  check_failed(run_program({"tokenizer", "train", s.text, "--out", s.out, "--vocab-size", "x"}), 2,
               {"--vocab-size", "\"x\""});
  check_failed(run_program({"tokenizer", "train", s.text, "--out", s.out, "--vocab-size", "9"}), 1,
               {"got a vocabulary of 9"});
  check_failed(
      run_program({"tokenizer", "train", "--vocab-size", "300", s.path("missing"), "--out", s.out}),
      1, {s.path("missing")});
  CHECK(!fs::exists(s.out));
  check_failed(run_program({"tokenizer", "encode", "--tokenizer", s.text, s.text}), 1, {s.text});
  put(s.path("ids"), "1 2 three");
  check_failed(run_program({"tokenizer", "decode", "--tokenizer", "byte", s.path("ids")}), 1,
               {s.path("ids"), "byte 4", "three"});
  put(s.path("ids"), "1 256");
  check_failed(run_program({"tokenizer", "decode", "--tokenizer", "byte", s.path("ids")}), 1,
               {"256"});
}

TEST_CASE("train --tokenizer: it goes with the model, and eval and generate use it") {
  const Scene s;
  const Run trained = s.train({"--preset", "tiny", "--tokenizer", gpt2, "--sample", "40"});
  REQUIRE(trained.exit_code == 0);
  CHECK(trained.output.find("nats per token") != std::string::npos);
  CHECK(valid_utf8(trained.output) > 0);
  CHECK(load_model<float>(s.out).config.vocab_size == 420);
  const Tokenizer tokenizer = load_tokenizer(s.out);
  CHECK(tokenizer.vocab_size() == 420);

  const std::string figures = output({"eval", "--model", s.out, "--data", s.text, "--json"});
  const auto tokens = tokenizer.encode(read_file(s.text)).size() - 1;
  CHECK(figures.find(fmt::format("\"tokens\":{}}}", tokens)) != std::string::npos);
  const Arguments generate{"generate",      "--model",  s.out, "--prompt",
                           "green bottles", "--tokens", "9"};
  const std::string text = output(generate);
  CHECK(text.starts_with("green bottles"));
  CHECK(text == output(generate));
  CHECK(!output({"generate", "--model", s.out, "--tokens", "3"}).empty());

  // --init goes on with it.
  const std::string second = s.path("second");
  CHECK(run_program({"train", "--init", s.out, "--out", second, "--steps", "1", "--batch", "2",
                     "--data", s.text, "--context", "8", "--sample", "0"})
            .exit_code == 0);
  CHECK(read_file(fs::path(second) / "tokenizer.json") ==
        read_file(fs::path(s.out) / "tokenizer.json"));
}

TEST_CASE("train --tokenizer: another model in the same place does not inherit it") {
  const Scene s;
  CHECK(s.train({"--preset", "tiny", "--tokenizer", gpt2, "--sample", "0"}).exit_code == 0);
  CHECK(s.train({"--preset", "tiny", "--sample", "0"}).exit_code == 0);
  CHECK(load_tokenizer(s.out).is_bytes());
  put(s.path("ids.bin"), as_ids({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  CHECK(run_program({"train", "--out", s.out, "--steps", "1", "--batch", "2", "--preset", "tiny",
                     "--vocab-size", "300", "--data", s.path("ids.bin"), "--context", "4",
                     "--val-fraction", "0", "--sample", "3"})
            .exit_code == 0);
  CHECK(!fs::exists(fs::path(s.out) / "tokenizer.json"));
  check_failed(run_program({"eval", "--model", s.out, "--data", s.text}), 1,
               {s.text, "no tokenizer"});
}

TEST_CASE("train --tokenizer: it must fit the model") {
  const Scene s;
  CHECK(s.train({"--model", s.config, "--tokenizer", gpt2, "--sample", "0"}).exit_code == 0);
  put(s.config, to_json(tiny_config(419)));
  check_failed(s.train({"--model", s.config, "--tokenizer", gpt2}), 1, {"420", "419"});
  check_failed(s.train({"--preset", "tiny", "--vocab-size", "300", "--tokenizer", gpt2}), 1,
               {"420", "300"});
  check_failed(s.train({"--tokenizer", s.path("missing")}), 1, {s.path("missing")});
  check_failed(s.train({"--init", s.out, "--tokenizer", gpt2}), 2, {"--init", "--tokenizer"});
  // A model may have tokens that no text becomes: they are not written either.
  CHECK(s.train({"--preset", "tiny", "--vocab-size", "600", "--tokenizer", gpt2, "--sample", "200"})
            .exit_code == 0);
}

}  // namespace carousel
