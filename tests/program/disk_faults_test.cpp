// A disk that refuses, and a machine that stops, at each of the calls that a run makes.

#include <doctest/doctest.h>
#include <sys/mount.h>

#include <cerrno>

#include "core/disk.h"
#include "examples/language_model/checkpoint.h"
#include "tests/program/training_scene.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;

const Arguments options{"--steps",      "5", "--save-every", "2", "--keep", "1",
                        "--eval-every", "0", "--threads",    "1"};

// The step of the newest checkpoint, which must be whole; 0 if there is none.
std::int64_t newest_step(const TrainingScene& scene) {
  if (!fs::exists(scene.unfinished())) return 0;
  const auto steps = program::checkpoint_steps(scene.unfinished());
  if (steps.empty()) return 0;
  CHECK(program::newest_whole_checkpoint(scene.unfinished()).damages.empty());
  return steps.back();
}

// Goes on, or starts anew where nothing was saved.
Run go_on(const TrainingScene& scene) {
  return run_here(newest_step(scene) > 0 ? scene.resume({"--threads", "1"}) : scene.anew(options));
}

// Counts the calls of a whole run, then repeats it once for each call, with that one (or it and all
// later ones) failing, and goes on from what is left.
template <class Check>
void for_every_call(bool later_ones_too, const Check& check) {
  const TrainingScene s;
  int calls = 0;
  Outcome want;
  {
    const disk::FaultInjection counting([&](disk::Call) { return ++calls, 0; });
    want = s.outcome(run_here(s.anew(options)));
  }
  CHECK(calls > 100);
  std::int64_t before = 0;
  for (int n = 1; n <= calls; ++n) {
    fs::remove_all(s.out);
    int call = 0;
    Run run;
    {
      const disk::FaultInjection failing([&](disk::Call) {
        ++call;
        return call == n || (later_ones_too && call > n) ? ENOSPC : 0;
      });
      run = run_here(s.anew(options));
    }
    INFO("call ", n, " of ", calls, ": ", run.error);
    check(run);
    const std::int64_t step = newest_step(s);
    const bool finished = !fs::exists(s.unfinished()) && fs::exists(s.out / "model.safetensors");
    CHECK((finished || step >= before));  // whatever was there one call earlier still is
    if (run.exit_code != 0) before = step;
    CHECK(s.outcome(go_on(s)) == want);
  }
}

// A disk of its own, for as long as it lives.
class SmallDisk {
 public:
  explicit SmallDisk(const fs::path& at) : at_(at) {
    fs::create_directories(at);
    mounted_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  bool grow() const { return ::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, "size=4m") == 0; }

 private:
  fs::path at_;
  bool mounted_;
};

}  // namespace

TEST_CASE("disk faults: whichever call fails, one sentence, and the checkpoint before is whole") {
  for_every_call(false, [](const Run& run) {
    check_failed(run, 1, {"No space left on device"});
    std::size_t said = 0;
    for (const auto& line : lines(run.error)) said += line.starts_with("carousel: ");
    CHECK(said <= 2);  // what is trained, and why not
  });
}

TEST_CASE("disk faults: a run that is cut off at any call goes on from its last checkpoint") {
  for_every_call(true, [](const Run& run) { CHECK(run.exit_code == 1); });
}

TEST_CASE("disk faults: a full disk") {
  const TrainingScene s;
  const Arguments more{"--steps", "60", "--save-every", "1", "--keep", "1000"};
  const Outcome want = s.outcome(run_program(s.anew(more)));
  fs::remove_all(s.out);
  const SmallDisk disk(s.out);
  if (!disk.mounted()) {
    MESSAGE("skipped: mounting a small tmpfs is not permitted here");
    return;
  }
  const Run full = run_program(s.anew(more));
  check_failed(full, 1, {"No space left on device"});
  const std::int64_t step = newest_step(s);
  CHECK(step > 1);
  check_failed(run_program(s.resume()), 1, {"No space left on device"});
  CHECK(newest_step(s) == step);
  REQUIRE(disk.grow());
  CHECK(s.outcome(run_program(s.resume({"--keep", "2"}))) == want);
}

}  // namespace carousel
