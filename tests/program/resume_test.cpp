// Stopping and going on: nobody can tell afterwards.

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "core/file.h"
#include "examples/language_model/checkpoint.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/training_scene.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

void append(Arguments& arguments, const Arguments& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
}

// Where a run of that many steps stops: `count` different steps, in rising order.
std::vector<std::int64_t> stops(std::int64_t steps, std::size_t count, unsigned seed) {
  std::vector<std::int64_t> all;
  for (std::int64_t step = 1; step < steps; ++step) all.push_back(step);
  std::shuffle(all.begin(), all.end(), std::mt19937(seed));
  all.resize(count);
  std::sort(all.begin(), all.end());
  return all;
}

void check_stops(const Arguments& options, unsigned seed, bool documents = false) {
  TrainingScene s;
  if (documents) s.prepare_data();
  Arguments more{"--steps", "50", "--eval-every", "4", "--sample-every", "6", "--lr", "0.01"};
  append(more, options);
  const Outcome want = s.outcome(run_here(s.anew(more)));
  append(more, {"--save-every", "0"});
  fs::remove_all(s.out);
  std::int64_t from = 0;
  for (const std::int64_t stop : stops(50, 20, seed)) {
    const Arguments threads{"--threads", std::to_string(1 + stop % 3)};
    Arguments arguments = from == 0 ? s.anew(more) : s.resume();
    append(arguments, threads);
    const Run run = s.run_until(stop, arguments);
    INFO(run.error);
    REQUIRE(run.exit_code == 130);
    CHECK(run.output.empty());
    CHECK(program::checkpoint_steps(s.unfinished()).back() == stop);
    from = stop;
  }
  CHECK(s.outcome(run_here(s.resume({"--threads", "2"}))) == want);
}

}  // namespace

TEST_CASE("resume: twenty stops at random steps, other threads each time: bit for bit the same") {
  check_stops({}, 1);
  check_stops({"--order", "sequential", "--accumulate", "3"}, 2);
  check_stops({"--dtype", "float64", "--schedule", "wsd", "--val-fraction", "0"}, 3);
  check_stops({"--order", "packed"}, 4, true);
  check_stops({"--order", "streams", "--accumulate", "2"}, 5, true);
  check_stops({"--order", "streams"}, 6);
}

TEST_CASE("resume: a validation that is interrupted is made up for") {
  const TrainingScene s;
  std::string ids = read_file(s.directory / "ids.bin");
  for (int i = 0; i < 7; ++i) ids += ids;
  put(s.directory / "ids.bin", ids);  // 64,000 tokens, nearly all to validate on
  const Arguments more{"--steps", "12", "--eval-every", "1", "--val-fraction", "0.9"};
  const Outcome want = s.outcome(run_program(s.anew(more)));
  fs::remove_all(s.out);
  int waiting = 0;
  Run run{.exit_code = 130, .output = {}, .error = {}};
  for (int i = 0; i < 8 && run.exit_code == 130; ++i) {
    StartedProgram program(i == 0 ? s.anew(more) : s.resume());
    // From the first line on, it is in a validation most of the time.
    while (!fs::exists(s.unfinished() / "metrics.jsonl") ||
           fs::file_size(s.unfinished() / "metrics.jsonl") == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    program.signal(i % 2 == 0 ? SIGINT : SIGTERM);
    run = program.wait();
    INFO(run.error);
    if (run.exit_code == 0) break;
    CHECK(run.exit_code == (i % 2 == 0 ? 130 : 143));
    if (run.exit_code == 143) run.exit_code = 130;
    const auto newest = program::newest_whole_checkpoint(s.unfinished());
    const auto state = nlohmann::json::parse(read_file(newest.path / "state.json"));
    waiting += !state.at("unlogged").is_null();
  }
  CHECK(waiting > 0);
  CHECK(s.outcome(run.exit_code == 0 ? run : run_program(s.resume())) == want);
}

TEST_CASE("resume: the command that goes on is the last thing an interrupted run says") {
  const TrainingScene s;
  const Run run = s.run_until(3, s.anew({"--steps", "9"}));
  CHECK(run.exit_code == 130);
  CHECK(run.output.empty());
  CHECK(lines(run.error).back().ends_with(
      "interrupted after step 3 of 9; go on with: " + std::string(program_invocation_name) +
      " train --resume " + s.out.string()));
  // The checkpoint is a model directory.
  const Run generate = run_program({"info", (s.unfinished() / "step-3").string()});
  CHECK(generate.exit_code == 0);
  check_failed(run_here(s.anew({"--steps", "9"})), 1, {"--out", "not finished", "--resume"});
  CHECK(run_here(s.resume()).exit_code == 0);
  check_failed(run_here(s.resume()), 1, {"--resume", s.unfinished().string(), "finished"});
}

TEST_CASE("resume: a second signal ends the run at once, and what was saved stays whole") {
  const TrainingScene s;
  Arguments endless = s.anew({"--steps", "1000000", "--save-every", "1", "--eval-every", "0"});
  StartedProgram program(endless);
  while (!fs::exists(s.unfinished() / "step-3")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  program.signal(SIGTERM);
  program.signal(SIGINT);
  const Run run = program.wait();
  CHECK((run.exit_code == 128 + SIGINT || run.exit_code == 128 + SIGTERM));
  CHECK(program::newest_whole_checkpoint(s.unfinished()).damages.empty());
}

TEST_CASE("resume: as many checkpoints stay as --keep says, and --save-every may change") {
  const TrainingScene s;
  using Steps = std::vector<std::int64_t>;
  s.run_until(11, s.anew({"--steps", "30", "--save-every", "3", "--keep", "3"}));
  CHECK(program::checkpoint_steps(s.unfinished()) == Steps{6, 9, 11});
  s.run_until(20, s.resume({"--save-every", "5", "--keep", "2"}));
  CHECK(program::checkpoint_steps(s.unfinished()) == Steps{15, 20});
}

TEST_CASE("resume: other data is refused, the same data elsewhere is not") {
  const TrainingScene s;
  const Arguments more{"--steps", "6"};
  const Outcome want = s.outcome(run_here(s.anew(more)));
  fs::remove_all(s.out);
  s.run_until(2, s.anew(more));
  const std::string moved = (s.directory / "moved.bin").string();
  fs::rename(s.directory / "ids.bin", moved);
  check_failed(run_here(s.resume()), 1, {"ids.bin"});
  std::string other = read_file(moved);
  other[7] = static_cast<char>(other[7] ^ 1);
  put(s.directory / "other.bin", other);
  check_failed(run_here(s.resume({"--data", (s.directory / "other.bin").string()})), 1,
               {"--resume", "data", "checksum"});
  CHECK(s.outcome(run_here(s.resume({"--data", moved}))) == want);
}

TEST_CASE("resume: nothing to resume is said so") {
  const TrainingScene s;
  check_failed(run_here(s.resume()), 1, {"--resume", s.unfinished().string()});
  fs::create_directories(s.unfinished());
  check_failed(run_here(s.resume()), 1, {"no checkpoint", s.unfinished().string()});
}

TEST_CASE("resume: a loss that is not finite leaves the last checkpoint as it was") {
  const TrainingScene s;
  const Arguments wild{"--steps",      "9", "--lr",        "1e30", "--warmup", "0",
                       "--save-every", "1", "--grad-clip", "0"};
  check_failed(run_here(s.anew(wild)), 1, {"step 2", "nan", "weight"});
  const auto newest = program::newest_whole_checkpoint(s.unfinished());
  CHECK(newest.damages.empty());
  CHECK(newest.path.filename() == "step-1");
}

}  // namespace carousel
