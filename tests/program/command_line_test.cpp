// Help and mistakes on the command line.

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include "tests/program/run_program.h"

namespace carousel {

TEST_CASE("program: help on every level goes to stdout") {
  for (const char* const subcommand :
       {"", "train", "generate", "eval", "gradcheck", "info", "report", "inspect"}) {
    Arguments arguments{subcommand, "--help"};
    if (arguments.front().empty()) arguments.erase(arguments.begin());
    const Run run = run_program(arguments);
    INFO(subcommand, run.output);
    CHECK(run.exit_code == 0);
    CHECK(run.error.empty());
    CHECK(run.output.find("Usage:") != std::string::npos);
    CHECK(run.output.find("carousel") != std::string::npos);
    for (const auto& line : lines(run.output)) CHECK(line.size() <= 100);
  }
}

TEST_CASE("program: help of train shows every option of it, with defaults") {
  const std::string help = run_program({"train", "--help"}).output;
  for (const char* const option :
       {"--data",      "--val-fraction", "--model",        "--preset",     "--init",
        "--context",   "--batch",        "--steps",        "--lr",         "--lr-min",
        "--warmup",    "--schedule",     "--weight-decay", "--betas",      "--adam-eps",
        "--grad-clip", "--dropout",      "--out",          "--eval-every", "--order",
        "--device",    "--dtype",        "--threads",      "--seed",       "--save-every",
        "--keep",      "--resume",       "--accumulate",   "--decay-steps"}) {
    INFO(option);
    CHECK(help.find(std::string(option) + " ") != std::string::npos);
  }
  CHECK(help.find("cosine|constant|wsd=cosine") != std::string::npos);
  CHECK(help.find("default: 0.1") != std::string::npos);
}

TEST_CASE("program: --version") {
  const Run run = run_program({"--version"});
  CHECK(run.exit_code == 0);
  CHECK(run.output.starts_with("carousel "));
}

namespace {

struct Mistake {
  Arguments arguments;
  std::vector<std::string> culprits;
};

}  // namespace

TEST_CASE("program: a command line that makes no sense is one sentence and exit code 2") {
  const std::vector<Mistake> mistakes{
      {{}, {"ubcommand"}},
      {{"dance"}, {"dance"}},
      {{"train", "--frobnicate"}, {"train", "--frobnicate"}},
      {{"train", "--device", "gpu"}, {"--device", "\"gpu\"", "cpu|cuda"}},
      {{"train", "--frobnicate", "3"}, {"train", "--frobnicate"}},
      {{"train", "stray"}, {"stray"}},
      {{"train", "--steps"}, {"--steps"}},
      {{"train", "--steps", "0"}, {"--steps", "\"0\"", "at least 1"}},
      {{"train", "--steps", "-5"}, {"--steps", "\"-5\""}},
      {{"train", "--steps", "many"}, {"--steps", "\"many\""}},
      {{"train", "--steps", "1e3"}, {"--steps", "\"1e3\""}},
      {{"train", "--steps", "99999999999999999999"}, {"--steps"}},
      {{"train", "--steps", "1", "--steps", "2"}, {"--steps"}},
      {{"train", "--batch", "0"}, {"--batch"}},
      {{"train", "--context", "0"}, {"--context"}},
      {{"train", "--context", "4294967296"}, {"--context", "2147483647"}},
      {{"train", "--lr", "0"}, {"--lr"}},
      {{"train", "--lr", "nan"}, {"--lr", "nan"}},
      {{"train", "--lr", "inf"}, {"--lr"}},
      {{"train", "--lr", "1e-3x"}, {"--lr", "1e-3x"}},
      {{"train", "--lr", ""}, {"--lr"}},
      {{"train", "--lr-min", "-1"}, {"--lr-min"}},
      {{"train", "--lr", "0.1", "--lr-min", "0.2"}, {"--lr-min", "--lr"}},
      {{"train", "--steps", "5", "--warmup", "6"}, {"--warmup", "--steps"}},
      {{"train", "--schedule", "linear"}, {"--schedule", "linear", "cosine"}},
      {{"train", "--order", "random"}, {"--order", "random", "sequential"}},
      {{"train", "--betas", "0.9"}, {"--betas"}},
      {{"train", "--betas", "0.9", "1"}, {"--betas", "\"1\""}},
      {{"train", "--betas", "0.9", "0.95", "0.99"}, {"--betas", "3"}},
      {{"train", "--adam-eps", "0"}, {"--adam-eps"}},
      {{"train", "--weight-decay", "-0.1"}, {"--weight-decay"}},
      {{"train", "--grad-clip", "-1"}, {"--grad-clip"}},
      {{"train", "--dropout", "1"}, {"--dropout"}},
      {{"train", "--val-fraction", "1"}, {"--val-fraction"}},
      {{"train", "--eval-every", "-1"}, {"--eval-every"}},
      {{"train", "--preset", "huge"}, {"--preset", "huge", "toy"}},
      {{"train", "--preset", "toy", "--model", "x"}, {"--preset", "--model"}},
      {{"train", "--init", "x", "--preset", "toy"}, {"--init", "--preset"}},
      {{"train", "--init", "x", "--model", "y"}, {"--init", "--model"}},
      {{"train", "--vocab-size", "99", "--model", "y"}, {"--vocab-size", "--model"}},
      {{"train", "--out", ""}, {"--out"}},
      {{"train", "--dtype", "float16"}, {"--dtype", "float16", "float32", "bf16"}},
      {{"train", "--dtype", "bf16"}, {"--dtype bf16: computes on --device cuda only, got cpu"}},
      {{"eval", "--model", "x", "--data", "y", "--dtype", "bf16"},
       {"--dtype bf16: computes on --device cuda only, got cpu"}},
      {{"generate", "--model", "x", "--dtype", "bf16", "--device", "cpu"},
       {"--dtype bf16: computes on --device cuda only, got cpu"}},
      {{"train", "--threads", "0"}, {"--threads"}},
      {{"train", "--threads", "5000"}, {"--threads"}},
      {{"train", "--seed", "-1"}, {"--seed"}},
      {{"train", "--accumulate", "0"}, {"--accumulate"}},
      {{"train", "--decay-steps", "5"}, {"--decay-steps", "wsd"}},
      {{"train", "--schedule", "wsd", "--steps", "10", "--warmup", "5", "--decay-steps", "6"},
       {"--decay-steps", "got 6", "5"}},
      {{"train", "--save-every", "often"}, {"--save-every", "\"often\"", "10min"}},
      {{"train", "--save-every", "min"}, {"--save-every"}},
      {{"train", "--save-every", "-1"}, {"--save-every"}},
      {{"train", "--keep", "0"}, {"--keep"}},
      {{"train", "--resume", "x", "--lr", "1"}, {"--resume", "--lr"}},
      {{"train", "--resume", "x", "--out", "y"}, {"--resume", "--out"}},
      {{"train", "--resume", ""}, {"--resume"}},
      {{"generate"}, {"generate", "--model"}},
      {{"generate", "--model", "x", "--temperature", "-1"}, {"--temperature"}},
      {{"generate", "--model", "x", "--top-p", "0"}, {"--top-p"}},
      {{"generate", "--model", "x", "--top-p", "1.5"}, {"--top-p"}},
      {{"generate", "--model", "x", "--top-k", "-1"}, {"--top-k"}},
      {{"generate", "--model", "x", "--tokens", "-1"}, {"--tokens"}},
      {{"eval", "--model", "x"}, {"eval", "--data"}},
      {{"eval", "--data", "x"}, {"eval", "--model"}},
      {{"gradcheck", "--threads", "x"}, {"--threads"}},
      {{"info"}, {"info", "DIR"}},
      {{"train", "--sample-every", "-1"}, {"--sample-every"}},
      {{"report"}, {"report", "RUN"}},
      {{"report", "run", "--out", ""}, {"--out"}},
      {{"inspect", "--model", "x"}, {"inspect", "--prompt"}},
      {{"inspect", "--prompt", "x"}, {"inspect", "--model"}},
      {{"inspect", "--model", "x", "--prompt", "y", "--dtype", "bf16"},
       {"--dtype", "\"bf16\"", "float32|float64"}},
      {{"info", "a", "b"}, {"info", "b"}},
  };
  for (const auto& mistake : mistakes) {
    INFO("carousel ", fmt::format("{}", fmt::join(mistake.arguments, " ")));
    const Run run = run_program(mistake.arguments);
    check_failed(run, 2, mistake.culprits);
    CHECK(lines(run.error).size() == 1);
  }
}

}  // namespace carousel
