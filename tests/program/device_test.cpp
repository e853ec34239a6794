// The program's work on every device: inside this process, with the kernels that it is linked with.

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/gradcheck.h"
#include "core/file.h"
#include "core/safetensors.h"
#include "examples/language_model/checkpoint.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/evaluation.h"
#include "examples/language_model/model_case.h"
#include "examples/language_model/training_data.h"
#include "examples/language_model/writer.h"
#include "nn/model_directory.h"
#include "tests/check_op.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/on_each_device.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"
#include "tests/program/training_scene.h"

namespace carousel {

namespace {

// The losses and gradient norms in a metrics.jsonl.
std::vector<double> metrics(const std::filesystem::path& directory) {
  std::vector<double> result;
  for (const auto& line : lines(read_file(directory / "metrics.jsonl"))) {
    const auto json = nlohmann::json::parse(line);
    for (const char* const key : {"loss", "grad_norm"}) result.push_back(json.at(key));
  }
  return result;
}

std::vector<double> train(const TemporaryDirectory& directory, Device device) {
  program::TrainOptions options;
  options.data = {directory / "text"};
  options.model = directory / "config";
  options.out = directory / name(device);
  options.val_fraction = 0;
  options.sample_tokens = 0;
  options.context = 8;
  options.batch = 2;
  options.steps = 4;
  options.dropout = 0.1;
  options.device = device;
  REQUIRE(program::run(options) == 0);
  return metrics(options.out);
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE("train: every device makes the steps of the cpu, and leaves a model") {
  const TemporaryDirectory directory;
  put(directory / "text", tiny_text(300));
  put(directory / "config", to_json(tiny_config()));
  const auto want = train(directory, Device::cpu);
  on_each_device([&](Device device) {
    const auto got = train(directory, device);
    REQUIRE(got.size() == want.size());
    // Roundings of sums in another order, of which Adam makes steps of another sign where a
    // gradient is nearly zero.
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(std::abs(got[i] / want[i] - 1) <= 1e-4);
    load_model<float>(directory / name(device));
  });
}

TEST_CASE("eval and generate: every device finds the same losses, logits and text") {
  const LanguageModel<double> model(tiny_config(), 3);
  const TemporaryDirectory directory;
  put(directory / "text", tiny_text(40));
  const Corpus corpus = program::open_to_measure({directory / "text"}, Tokenizer::bytes());
  std::vector<double> logits;
  const auto evaluate = [&] {
    program::EvaluationOptions<double> options{.context = 16};
    options.on_logits = [&](std::int64_t, std::span<const double> rows) {
      logits.insert(logits.end(), rows.begin(), rows.end());
    };
    logits.clear();
    return program::evaluate<double>(model, {&corpus, 0, corpus.size()}, options).loss;
  };
  const auto write = [&] {
    program::Writer<double> writer(model, {}, 1, model.config.vocab_size);
    writer.read(std::vector<std::int32_t>{65, 66, 67});
    std::vector<std::int32_t> text;
    for (int i = 0; i < 8; ++i) text.push_back(writer.write());
    return text;
  };
  const double loss = evaluate();
  const std::vector<double> want = logits;
  const auto text = write();
  on_each_device([&](Device device) {
    move_to<double>(model, device);
    CHECK(std::abs(evaluate() - loss) <= 1e-13);
    REQUIRE(logits.size() == want.size());
    for (std::size_t i = 0; i < want.size(); ++i) CHECK(std::abs(logits[i] - want[i]) <= 1e-13);
    CHECK(write() == text);
  });
}

TEST_CASE("bf16: training that is stopped and goes on, evaluation, text") {
  if (!available(Device::cuda)) return;
  const Arguments on_cuda{"--device", "cuda", "--dtype", "bf16"};
  const TrainingScene s;
  Arguments train = s.anew({"--steps", "6", "--eval-every", "3", "--save-every", "0"});
  train.insert(train.end(), on_cuda.begin(), on_cuda.end());
  const Outcome want = s.outcome(run_here(train));
  std::filesystem::remove_all(s.out);
  CHECK(s.run_until(2, train).exit_code == 130);
  const auto run = program::load_run(program::newest_whole_checkpoint(s.unfinished()).path);
  CHECK(run.options.dtype == program::Dtype::bf16);
  const Run resumed = run_here(s.resume());
  CHECK(resumed.error.find("bf16 on cuda") != std::string::npos);
  CHECK(s.outcome(resumed) == want);
  const Safetensors weights(s.out / "model.safetensors");
  CHECK(weights.dtype("token_embedding.weight") == "F32");

  const auto loss = [&](const Arguments& more) {
    Arguments eval{"eval",
                   "--model",
                   s.out.string(),
                   "--data",
                   (s.directory / "ids.bin").string(),
                   "--json",
                   "--context",
                   "8"};
    eval.insert(eval.end(), more.begin(), more.end());
    return nlohmann::json::parse(run_here(eval).output).at("loss").get<double>();
  };
  // Logits are off by some 1e-2 in both directions.
  CHECK(std::abs(loss(on_cuda) - loss({})) <= 3e-3);
  Arguments generate{"generate", "--model", s.out.string(), "--tokens", "5"};
  generate.insert(generate.end(), on_cuda.begin(), on_cuda.end());
  const Run text = run_here(generate);
  CHECK(text.exit_code == 0);
  CHECK(text.output == run_here(generate).output);
}

TEST_CASE("gradcheck: whole language models on every device") {
  on_each_device([](Device device) {
    for (const auto& model_case : program::model_cases()) {
      const auto checks = gradcheck(model_case.run_double, make_inputs<double>(model_case, device),
                                    {.elements = 0});
      REQUIRE(checks.size() == model_case.inputs.size());
      for (std::size_t i = 0; i < checks.size(); ++i) {
        INFO(model_case.note, ", ", model_case.inputs[i].name);
        CHECK(checks[i].error() <= model_case.tolerance);
      }
    }
  });
}

TEST_SUITE_END();

TEST_CASE("program: a device that is missing is one sentence, before any work") {
  if (available(Device::cuda)) return;
  const TemporaryDirectory directory;
  const auto file = (directory / "missing").string();
  for (const Arguments& arguments :
       {Arguments{"train", "--data", file}, Arguments{"eval", "--model", file, "--data", file},
        Arguments{"generate", "--model", file}, Arguments{"gradcheck"}}) {
    INFO(arguments.front());
    Arguments all = arguments;
    all.insert(all.end(), {"--device", "cuda"});
    const Run run = run_program(all);
    check_failed(run, 1, {"carousel: device cuda: this "});
    const auto says = [&](const char* what) { return run.error.find(what) != std::string::npos; };
    CHECK((says("this build has no CUDA") || says("this machine has no GPU")));
  }
}

}  // namespace carousel
