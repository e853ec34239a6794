// What `carousel train` leaves behind.

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/file.h"
#include "core/safetensors.h"
#include "nn/model_directory.h"
#include "nn/schedule.h"
#include "ops/cross_entropy.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"
#include "text/tokenizer_files.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

struct Scene {
  TemporaryDirectory directory;
  fs::path text = directory / "text", config = directory / "config", out = directory / "out";

  explicit Scene(std::string_view data = tiny_text(600)) {
    put(text, data);
    put(config, to_json(tiny_config()));
  }

  Arguments arguments(const Arguments& more) const {
    Arguments all{"train", "--model",    config.string(), "--data", text.string(),
                  "--out", out.string(), "--sample",      "0",      "--context",
                  "8"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  std::vector<nlohmann::json> train(const Arguments& more) const {
    const Run run = run_program(arguments(more));
    INFO(run.error);
    REQUIRE(run.exit_code == 0);
    return metrics();
  }

  std::vector<nlohmann::json> metrics() const {
    std::vector<nlohmann::json> result;
    for (const auto& line : lines(read_file(out / "metrics.jsonl"))) {
      result.push_back(nlohmann::json::parse(line));
    }
    return result;
  }
};

// The loss of a model on windows of `text`, S inputs each, that start at the given places.
double loss_of(const LanguageModel<double>& model, const std::string& text, std::int64_t S,
               const std::vector<std::int64_t>& starts) {
  const auto B = static_cast<std::int64_t>(starts.size());
  Tensor<std::int32_t> inputs({B, S}), targets({B, S});
  for (std::int64_t b = 0; b < B; ++b) {
    for (std::int64_t t = 0; t < S; ++t) {
      const auto at = static_cast<std::size_t>(starts[static_cast<std::size_t>(b)] + t);
      inputs.mutable_data()[b * S + t] = static_cast<unsigned char>(text[at]);
      targets.mutable_data()[b * S + t] = static_cast<unsigned char>(text[at + 1]);
    }
  }
  return cross_entropy(model(inputs).logits, targets).value.item();
}

}  // namespace

TEST_CASE("train: metrics.jsonl has an object per step, with the schedule's learning rates") {
  const Scene s;
  const auto metrics = s.train({"--steps", "7", "--batch", "2", "--lr", "0.01", "--lr-min", "0.002",
                                "--warmup", "3", "--eval-every", "2"});
  REQUIRE(metrics.size() == 7);
  for (std::size_t i = 0; i < 7; ++i) {
    const auto& line = metrics[i];
    const auto k = static_cast<double>(i);
    CHECK(line.at("step") == i + 1);
    CHECK(line.at("loss").get<double>() > 0);
    CHECK(line.at("grad_norm").get<double>() > 0);
    const double want =
        i < 3 ? 0.01 * (k + 1) / 3 : 0.002 + 0.008 * (1 + std::cos(M_PI * (k - 3) / 4)) / 2;
    CHECK(std::abs(line.at("lr").get<double>() - want) <= 1e-15);
    CHECK(line.contains("val_loss") == ((i + 1) % 2 == 0 || i + 1 == 7));
  }
  CHECK(metrics.back().at("loss") < metrics.front().at("loss"));
  const auto speed = lines(read_file(s.out / "speed.jsonl"));
  REQUIRE(speed.size() == 7);
  for (std::size_t i = 0; i < 7; ++i) {
    const auto line = nlohmann::json::parse(speed[i]);
    CHECK(line.at("step") == i + 1);
    CHECK(line.at("tokens_per_second").get<double>() > 0);
  }
}

TEST_CASE("train: sequential order takes the windows of the file one after the other, and again") {
  const std::string text = tiny_text(8 * 5 + 4);  // five windows of 8 + 1
  const Scene s(text);
  const auto metrics =
      s.train({"--steps", "4", "--batch", "2", "--order", "sequential", "--val-fraction", "0",
               "--dtype", "float64", "--seed", "5", "--lr", "1e-300", "--weight-decay", "0"});
  const LanguageModel<double> model(tiny_config(), 5);  // 1e-300 moves nothing
  const std::vector<std::vector<std::int64_t>> rows{{0, 8}, {16, 24}, {32, 0}, {8, 16}};
  for (std::size_t k = 0; k < rows.size(); ++k) {
    // The text form is exact; the sum runs in the same order.
    CHECK(std::abs(metrics[k].at("loss").get<double>() - loss_of(model, text, 8, rows[k])) <=
          1e-14);
  }
}

TEST_CASE("train: shuffled order depends on the seed, and so do the weights") {
  const Scene s;
  const auto first_loss = [&](const char* seed) {
    return s.train({"--steps", "1", "--seed", seed}).front().at("loss").get<double>();
  };
  CHECK(first_loss("1") == first_loss("1"));
  CHECK(first_loss("1") != first_loss("2"));
}

TEST_CASE("train: the weights are the same bit for bit whatever the number of threads") {
  const Scene s;
  std::vector<std::string> weights;
  for (const char* const threads : {"1", "2", "3"}) {
    s.train({"--steps", "20", "--batch", "5", "--threads", threads, "--dropout", "0.1"});
    weights.push_back(read_file(s.out / "model.safetensors"));
  }
  CHECK(weights[0] == weights[1]);
  CHECK(weights[0] == weights[2]);
}

TEST_CASE(
    "train: the directory holds config, tokenizer, metrics, weights in the run's dtype, no more") {
  const Scene s;
  s.train({"--steps", "2", "--dtype", "float64", "--dropout", "0.25"});
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(s.out)) names.insert(entry.path().filename());
  CHECK(names == std::set<std::string>{"config.json", "metrics.jsonl", "model.safetensors",
                                       "options.json", "speed.jsonl", "tokenizer.json"});
  CHECK(load_tokenizer(s.out).is_bytes());
  const ModelConfig config = parse_config(read_file(s.out / "config.json"), "config.json");
  CHECK(config.dropout == 0.25);
  CHECK(config.context_length == 16);  // the config's, which is longer than --context
  const Safetensors file(s.out / "model.safetensors");
  CHECK(file.dtype("token_embedding.weight") == "F64");
}

TEST_CASE("train: --init goes on from the weights of a directory, also the one it writes") {
  const Scene s;
  const Arguments flat{"--steps",  "3",        "--order", "sequential", "--schedule",
                       "constant", "--warmup", "0",       "--batch",    "1"};
  s.train(flat);
  const auto model = load_model<float>(s.out);
  const auto before = model.token_embedding.weight.value.clone();
  Arguments again{
      "train",    "--init", s.out.string(), "--data", s.text.string(), "--out", s.out.string(),
      "--sample", "0",      "--context",    "8",      "--lr",          "1e-30", "--weight-decay",
      "0"};
  again.insert(again.end(), flat.begin(), flat.begin() + 6);
  const Run run = run_program(again);
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  const auto after = load_model<float>(s.out).token_embedding.weight.value;
  CHECK(std::ranges::equal(before.values(), after.values()));
}

TEST_CASE("train: .bin files are token ids, and results are per token") {
  const Scene s;
  std::string ids;
  for (int i = 0; i < 300; ++i) ids += as_ids({250 + i % 7 * 10});
  put(s.directory / "ids.bin", ids);
  put(s.config, to_json(tiny_config(311)));
  const Run run = run_program(
      {"train", "--model", s.config.string(), "--data", (s.directory / "ids.bin").string(), "--out",
       s.out.string(), "--context", "8", "--steps", "30", "--lr", "0.05", "--sample", "12"});
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  CHECK(run.output.find("bits per token") != std::string::npos);
  CHECK(run.output.find("bits per byte") == std::string::npos);
  CHECK(s.metrics().back().at("loss") < 0.5 * s.metrics().front().at("loss").get<double>());
}

TEST_CASE("train: samples.jsonl has a text every --sample-every steps, and that of the end") {
  const Scene s;
  const Run run = run_program({"train", "--model", s.config.string(), "--data", s.text.string(),
                               "--out", s.out.string(), "--context", "8", "--steps", "5",
                               "--sample", "40", "--sample-every", "2"});
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  const auto samples = lines(read_file(s.out / "samples.jsonl"));
  REQUIRE(samples.size() == 3);
  std::vector<std::int64_t> steps;
  for (const auto& line : samples) steps.push_back(nlohmann::json::parse(line).at("step"));
  CHECK(steps == std::vector<std::int64_t>{2, 4, 5});
  // The last one is printed, too; there, bytes that are no UTF-8 are still themselves.
  const auto visible = [](const std::string& text) {
    std::string ascii;
    for (const char c : text) {
      if (c >= ' ' && c < 127) ascii += c;
    }
    return ascii;
  };
  const std::string last = nlohmann::json::parse(samples.back()).at("text");
  CHECK(!visible(last).empty());
  CHECK(visible(run.output).ends_with(visible(last)));
}

TEST_CASE("train: streams are validated as they are learnt from, with the state carried") {
  const Scene s;
  put(s.directory / "more", tiny_text(100));
  const std::string more = (s.directory / "more").string();
  const auto metrics = s.train(
      {"--order", "streams", "--val-data", more, "--steps", "20", "--batch", "2", "--lr", "0.01"});
  const auto loss = [&](const Arguments& how) {
    Arguments all{"eval", "--model", s.out.string(), "--data", more, "--context", "8", "--json"};
    all.insert(all.end(), how.begin(), how.end());
    return nlohmann::json::parse(run_program(all).output).at("loss");
  };
  CHECK(metrics.back().at("val_loss") == loss({"--carry-state"}));
  CHECK(metrics.back().at("val_loss") != loss({}));
}

TEST_CASE("train: without --data it learns the project's own text") {
  const Scene s;
  const Run run =
      run_program({"train", "--model", s.config.string(), "--out", s.out.string(), "--steps", "1",
                   "--batch", "1", "--context", "8", "--eval-tokens", "50", "--sample", "10"});
  INFO(run.error);
  REQUIRE(run.exit_code == 0);
  const std::string phrase = "bytes to train on";
  const auto at = run.error.find(phrase);
  REQUIRE(at != std::string::npos);
  const auto begin = run.error.rfind("; ", at);
  CHECK(std::stol(run.error.substr(begin + 2)) > 200000);
  CHECK(run.output.find("over 50 bytes") != std::string::npos);
}

TEST_CASE("train: batches one after the other make the step that they make side by side") {
  const Scene s;
  const auto losses = [&](const char* batch, const char* accumulate) {
    const auto metrics = s.train({"--steps", "6", "--batch", batch, "--accumulate", accumulate,
                                  "--dtype", "float64", "--lr", "0.01", "--warmup", "0"});
    std::vector<double> result;
    for (const auto& line : metrics) result.push_back(line.at("loss").get<double>());
    return result;
  };
  const auto whole = losses("6", "1"), parts = losses("2", "3");
  REQUIRE(parts.size() == whole.size());
  // Sums in another order, carried through six steps.
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(std::abs(parts[i] - whole[i]) <= 1e-10);
  CHECK(whole.front() != whole.back());
}

TEST_CASE("train: on more files than a program may usually open") {
  const TemporaryDirectory directory;
  put(directory / "config", to_json(tiny_config()));
  Arguments arguments{"train",
                      "--model",
                      (directory / "config").string(),
                      "--out",
                      (directory / "out").string(),
                      "--steps",
                      "1",
                      "--batch",
                      "2",
                      "--context",
                      "8",
                      "--sample",
                      "0",
                      "--data"};
  for (int i = 0; i < 100; ++i) {
    put(directory / std::to_string(i), tiny_text(20));
    arguments.push_back((directory / std::to_string(i)).string());
  }
  rlimit usual{};
  ::getrlimit(RLIMIT_NOFILE, &usual);
  const rlimit few{64, usual.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  const Run run = run_program(arguments);
  ::setrlimit(RLIMIT_NOFILE, &usual);
  INFO(run.error);
  CHECK(run.exit_code == 0);
}

}  // namespace carousel
