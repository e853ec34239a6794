// train, generate, eval and info, one after the other.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/file.h"
#include "core/safetensors.h"
#include "nn/model_directory.h"
#include "ops/cross_entropy.h"
#include "tests/check_op.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"

namespace carousel {

namespace {

struct Scene {
  TemporaryDirectory directory;
  std::string text = tiny_text(83);
  std::string data = (directory / "data").string();
  std::string model = (directory / "model").string();
  std::string logits = (directory / "logits").string();

  Scene() {
    put(data, text);
    write_tiny_model(model, tiny_config());
  }

  std::string run(const Arguments& arguments) const {
    const Run run = run_program(arguments);
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    return run.output;
  }

  nlohmann::json eval(const Arguments& more) const {
    Arguments all{"eval", "--model", model, "--data", data, "--json", "--dtype", "float64"};
    all.insert(all.end(), more.begin(), more.end());
    return nlohmann::json::parse(run(all));
  }

  Tensor<std::int32_t> tokens(std::size_t begin, std::size_t length) const {
    Tensor<std::int32_t> result({1, static_cast<std::int64_t>(length)});
    for (std::size_t t = 0; t < length; ++t) {
      result.mutable_data()[t] = static_cast<unsigned char>(text[begin + t]);
    }
    return result;
  }
};

}  // namespace

TEST_CASE("eval: windows from fresh states, a shorter last one, and their logits") {
  const Scene s;
  const auto json = s.eval({"--context", "20", "--logits", s.logits});
  const auto logits = Safetensors(s.logits).read<double>("logits");
  REQUIRE(logits.shape() == Shape{82, 256});

  const auto model = load_model<double>(s.model);
  double sum = 0;
  for (std::size_t begin = 0; begin < 82; begin += 20) {
    const std::size_t length = std::min<std::size_t>(20, 82 - begin);
    const auto want = model(s.tokens(begin, length)).logits;
    sum +=
        cross_entropy(want, s.tokens(begin + 1, length)).value.item() * static_cast<double>(length);
    const auto got =
        Tensor<double>::from(want.shape(), logits.values().subspan(begin * 256, length * 256));
    CHECK(relative_error(got, want.value) <= 1e-14);
  }
  CHECK(json.at("tokens") == 82);
  CHECK(std::abs(json.at("loss").get<double>() - sum / 82) <= 1e-13);
  CHECK(std::abs(json.at("bits_per_byte").get<double>() - sum / 82 / std::numbers::ln2) <= 1e-13);
  CHECK(std::abs(json.at("perplexity").get<double>() / std::exp(sum / 82) - 1) <= 1e-13);
}

TEST_CASE("eval: a carried state makes one sequence of all windows") {
  const Scene s;
  const auto json = s.eval({"--context", "20", "--carry-state", "--logits", s.logits});
  const auto model = load_model<double>(s.model);
  const auto want = model(s.tokens(0, 82)).logits;
  const auto got = Safetensors(s.logits).read<double>("logits").reshape(want.shape());
  CHECK(relative_error(got, want.value) <= 1e-12);
  CHECK(json.at("tokens") == 82);
  CHECK(json.at("loss").get<double>() != s.eval({"--context", "20"}).at("loss").get<double>());
}

TEST_CASE("eval: a context longer than the data, the config's context, and several files") {
  const Scene s;
  CHECK(s.eval({"--context", "100000"}).at("loss") == s.eval({"--context", "82"}).at("loss"));
  CHECK(s.eval({}).at("loss") == s.eval({"--context", "16"}).at("loss"));

  put(s.directory / "a", s.text.substr(0, 30));
  put(s.directory / "b", s.text.substr(30));
  const auto parts = s.run({"eval", "--model", s.model, "--dtype", "float64", "--json", "--data",
                            (s.directory / "a").string(), (s.directory / "b").string()});
  CHECK(nlohmann::json::parse(parts) == s.eval({}));
}

TEST_CASE("eval: float32 writes float32 logits, close to float64") {
  const Scene s;
  const double exact = s.eval({}).at("loss").get<double>();
  const auto json = nlohmann::json::parse(
      s.run({"eval", "--model", s.model, "--data", s.data, "--json", "--logits", s.logits}));
  CHECK(Safetensors(s.logits).dtype("logits") == "F32");
  CHECK(std::abs(json.at("loss").get<double>() - exact) <= 1e-5);
}

TEST_CASE("eval: without --json a table") {
  const Scene s;
  const std::string table = s.run({"eval", "--model", s.model, "--data", s.data});
  for (const char* const word : {"loss", "perplexity", "bits per byte", "tokens", "82"}) {
    CHECK(table.find(word) != std::string::npos);
  }
}

TEST_CASE("generate: the prompt and as many bytes as asked for, the same for the same seed") {
  const Scene s;
  const auto generate = [&](const Arguments& more) {
    Arguments all{"generate", "--model", s.model, "--prompt", "line 1"};
    all.insert(all.end(), more.begin(), more.end());
    return s.run(all);
  };
  const std::string text = generate({"--tokens", "40"});
  CHECK(text.size() == 46);
  CHECK(text.starts_with("line 1"));
  CHECK(generate({"--tokens", "40", "--threads", "3"}) == text);
  CHECK(generate({"--tokens", "40", "--seed", "2"}) != text);
  CHECK(generate({"--tokens", "0"}) == "line 1");
  CHECK(generate({"--tokens", "7"}) == text.substr(0, 13));

  const std::string greedy = generate({"--tokens", "20", "--temperature", "0"});
  CHECK(generate({"--tokens", "20", "--temperature", "0", "--seed", "9"}) == greedy);
  CHECK(generate({"--tokens", "20", "--top-k", "1"}) == greedy);
  CHECK(generate({"--tokens", "20", "--top-p", "1e-9"}) == greedy);
  CHECK(generate({"--tokens", "20", "--temperature", "1e-300"}) == greedy);
}

TEST_CASE("generate: an empty prompt starts after a line break that is not printed") {
  const Scene s;
  const std::string text = s.run({"generate", "--model", s.model, "--tokens", "12"});
  CHECK(text.size() == 12);
  CHECK("\n" + text == s.run({"generate", "--model", s.model, "--tokens", "12", "--prompt", "\n"}));
}

TEST_CASE("generate: the official package's greedy text") {
  const std::filesystem::path golden = CAROUSEL_SOURCE_DIR "/tests/golden/greedy";
  const auto expected = nlohmann::json::parse(read_file(golden / "greedy.json"));
  const auto prompt = expected.at("prompt").get<std::string>();
  const auto text = expected.at("text").get<std::string>();
  const Run run =
      run_program({"generate", "--model", golden.string(), "--prompt", prompt, "--tokens",
                   std::to_string(text.size()), "--temperature", "0", "--dtype", "float64"});
  CHECK(run.output == prompt + text);
}

TEST_CASE("generate: any prompt is taken as it is") {
  const Scene s;
  for (const std::string prompt :
       {"--help", "-", "[a,b]", "\"quoted\"", "%d {} \\n", " ", "\xFF\x80"}) {
    INFO(prompt);
    CHECK(s.run({"generate", "--model", s.model, "--tokens", "0", "--prompt", prompt}) == prompt);
  }
}

TEST_CASE("generate: a reader that goes away ends it quietly") {
  const Scene s;
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  ::close(ends[0]);
  const Run run =
      StartedProgram({"generate", "--model", s.model, "--tokens", "1000000"}, ends[1]).wait();
  ::close(ends[1]);
  CHECK(run.exit_code == 141);
  CHECK(run.error.empty());
}

TEST_CASE("info: the config, parameters by part, and every tensor with its shape") {
  const Scene s;
  const std::string text = s.run({"info", s.model});
  for (const char* const want :
       {"mLSTM, sLSTM", "block 0", "block 1", "post_blocks_norm", "total", "MiB",
        "xlstm_block_stack.blocks.0.xlstm.proj_up.weight", "[256, 8]", "F32"}) {
    INFO(want);
    CHECK(text.find(want) != std::string::npos);
  }
}

TEST_CASE("a model that learned a text by heart writes it, and eval agrees with training") {
  const Scene s;
  const std::string out = (s.directory / "out").string();
  std::string text;
  while (text.size() < 400) text += "carousel ";
  put(s.data, text);
  const std::string result = s.run({"train", "--preset", "tiny", "--data", s.data, "--out", out,
                                    "--steps", "40", "--batch", "4", "--context", "32", "--lr",
                                    "0.01", "--sample", "20", "--val-fraction", "0.2"});
  CHECK(result.find("validation loss") != std::string::npos);
  const std::string written = s.run({"generate", "--model", out, "--prompt", "carousel car",
                                     "--tokens", "12", "--temperature", "0"});
  CHECK(written == "carousel carousel carous");

  put(s.data, text.substr(text.size() - text.size() / 5));
  const auto json =
      nlohmann::json::parse(s.run({"eval", "--model", out, "--data", s.data, "--json"}));
  const auto metrics = lines(read_file(std::filesystem::path(out) / "metrics.jsonl"));
  CHECK(nlohmann::json::parse(metrics.back()).at("val_loss") == json.at("loss"));
}

}  // namespace carousel
