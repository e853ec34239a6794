// TensorBoard's event files: known bytes, and what a run writes.

#include "examples/language_model/event_file.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "tests/program/event_reader.h"
#include "tests/program/training_scene.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

// What the event file should hold: the numbers of the two other files, as float.
std::vector<EventValue> journal(const fs::path& directory) {
  std::vector<EventValue> values;
  const auto metrics = lines(read_file(directory / "metrics.jsonl"));
  const auto speed = lines(read_file(directory / "speed.jsonl"));
  REQUIRE(metrics.size() == speed.size());
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    json line = json::parse(metrics[i]);
    line.update(json::parse(speed[i]));
    for (const char* const tag : {"loss", "grad_norm", "lr", "tokens_per_second", "val_loss"}) {
      if (!line.contains(tag)) continue;
      values.push_back({line.at("step"), tag, static_cast<float>(line.at(tag).get<double>())});
    }
  }
  return values;
}

}  // namespace

TEST_CASE("event file: the bytes that the tensorboard package writes for the same events") {
  CHECK(hexadecimal(program::first_event(1.5)) ==
        "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c");
  const std::vector<program::Scalar> scalars{{"loss", 2.5}, {"lr", 0.001}};
  CHECK(hexadecimal(program::scalar_event(1.5, 300, scalars)) ==
        "2600000000000000734fe30009000000000000f83f10ac022a180a0b0a046c6f737315000020400a090a026c72"
        "156f12833ab39ac2a5");
  // RFC 3720, appendix B.4: the CRC-32C of 32 zeros is 8a9136aa.
  CHECK(program::masked_crc(std::string(32, '\0')) ==
        ((0x8A9136AAu >> 15) | (0x8A9136AAu << 17)) + 0xA282EAD8u);
}

TEST_CASE("event file: --tensorboard writes the numbers of the journal, also across a stop") {
  const TrainingScene s;
  Arguments more{"--steps", "9", "--eval-every", "4", "--tensorboard"};
  SUBCASE("in one go") { CHECK(run_here(s.anew(more)).exit_code == 0); }
  SUBCASE("stopped after step 5") {
    CHECK(s.run_until(5, s.anew(more)).exit_code == 130);
    CHECK(run_here(s.resume()).exit_code == 0);
  }
  SUBCASE("killed after step 5, saved after step 3") {
    more.insert(more.end(), {"--save-every", "3"});
    CHECK(s.run_until(5, s.anew(more)).exit_code == 130);
    fs::remove_all(s.unfinished() / "step-5");
    CHECK(run_here(s.resume()).exit_code == 0);
  }
  const EventFile file = read_events(read_file(s.out / "events.out.tfevents"));
  CHECK(file.version == "brain.Event:2");
  CHECK(file.values == journal(s.out));
  CHECK(file.wall_times.size() == 10);
  CHECK(std::is_sorted(file.wall_times.begin(), file.wall_times.end()));
  CHECK(file.wall_times.front() > 1.6e9);
}

TEST_CASE("event file: none without --tensorboard") {
  const TrainingScene s;
  CHECK(run_here(s.anew({"--steps", "1"})).exit_code == 0);
  CHECK(!fs::exists(s.out / "events.out.tfevents"));
}

}  // namespace carousel
