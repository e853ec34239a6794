// kill -9, again and again.

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <random>
#include <thread>

#include "core/file.h"
#include "examples/language_model/checkpoint.h"
#include "tests/program/training_scene.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

int wanted_kills() {
  const char* const given = std::getenv("CAROUSEL_KILLS");
  return given == nullptr ? 50 : std::atoi(given);
}

// After a kill: the newest checkpoint is whole, and at most the step after it is lost. Returns
// whether there is one.
bool check_what_is_left(const TrainingScene& scene) {
  if (!fs::exists(scene.unfinished())) return false;
  const auto steps = program::checkpoint_steps(scene.unfinished());
  if (steps.empty()) return false;
  CHECK(program::newest_whole_checkpoint(scene.unfinished()).damages.empty());
  const fs::path journal = scene.unfinished() / "metrics.jsonl";
  if (!fs::exists(journal)) return true;
  const auto text = read_file(journal, Empty::allowed);
  const auto logged = std::count(text.begin(), text.end(), '\n');
  CHECK(logged <= steps.back() + 1);
  return true;
}

}  // namespace

TEST_CASE("kill -9 at random moments: the newest checkpoint is whole, and the end is the same") {
  const TrainingScene s;
  const Arguments more{"--steps", "40", "--save-every", "1", "--eval-every", "9", "--threads", "1"};
  const auto start = Clock::now();
  const Outcome want = s.outcome(run_program(s.anew(more)));
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  std::mt19937_64 random(1);
  int kills = 0, ends = 0;
  while (kills < wanted_kills() || ends == 0) {
    fs::remove_all(s.out);
    bool begun = false;
    for (;;) {
      StartedProgram program(begun ? s.resume({"--threads", "1"}) : s.anew(more));
      // Somewhere in the first half, so that a run takes some kills; from then on it may end.
      const auto delay = random() % static_cast<std::uint64_t>(whole.count() / 2 + 1);
      if (kills < wanted_kills()) {
        std::this_thread::sleep_for(std::chrono::microseconds(delay));
        program.signal(SIGKILL);
      }
      const Run run = program.wait();
      if (run.exit_code != 128 + SIGKILL) {
        CHECK(s.outcome(run) == want);
        ++ends;
        break;
      }
      ++kills;
      begun = check_what_is_left(s);
      // Killed between the last file's move and its exit: nothing is left to go on with.
      if (!begun && fs::exists(s.out / "model.safetensors")) break;
    }
  }
  MESSAGE(kills, " kills, ", ends, " runs to their end");
}

}  // namespace carousel
