// `carousel report` and `carousel inspect`: what they read, what is in their pages.

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "examples/language_model/report/report_data.h"
#include "tests/core/safetensors_bytes.h"
#include "tests/program/run_program.h"
#include "tests/program/tiny_model.h"
#include "tests/program/training_scene.h"

namespace carousel {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using program::Curve;

std::string metrics_line(int step) {
  return fmt::format("{{\"step\": {}, \"loss\": {}, \"grad_norm\": 1.5, \"lr\": 0.001}}\n", step,
                     5.0 / step);
}

// A directory that looks like a run's.
struct RunDirectory {
  TemporaryDirectory directory;
  fs::path run = directory / "run", page = directory / "page.html";

  explicit RunDirectory(int steps = 3) {
    fs::create_directories(run);
    std::string metrics;
    for (int step = 1; step <= steps; ++step) metrics += metrics_line(step);
    put(run / "metrics.jsonl", metrics);
    put(run / "config.json", R"({"a": {"b": 1, "c": [2, 3]}, "d": "text"})");
  }

  Run report() const { return run_here({"report", run.string(), "--out", page.string()}); }
};

// The data in a page.
json data_in(const fs::path& page) {
  const std::string html = read_file(page);
  const std::string open = "<script id=\"data\" type=\"application/json\">";
  const auto begin = html.find(open);
  REQUIRE(begin != std::string::npos);
  const auto end = html.find("</script>", begin);
  return json::parse(html.substr(begin + open.size(), end - begin - open.size()));
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("report: a thinned curve keeps its ends and its extremes, in rising steps") {
  Curve curve;
  for (int step = 1; step <= 100000; ++step) {
    curve.add(step, std::sin(step / 5000.0) + (step == 77777 ? 9 : 0) - (step == 3 ? 9 : 0));
  }
  const Curve thinned = program::thin(curve, 4000);
  CHECK(thinned.size() <= 4000);
  CHECK(thinned.size() > 1000);
  CHECK(std::is_sorted(thinned.steps.begin(), thinned.steps.end(), std::less_equal<>()));
  CHECK(thinned.steps.front() == 1);
  CHECK(thinned.steps.back() == 100000);
  for (const std::int64_t step : {3, 77777}) {
    CHECK(std::count(thinned.steps.begin(), thinned.steps.end(), step) == 1);
  }
  for (std::size_t i = 0; i < thinned.size(); ++i) {
    CHECK(thinned.values[i] == curve.values[static_cast<std::size_t>(thinned.steps[i] - 1)]);
  }
  Curve few;
  few.add(7, 1);
  CHECK(program::thin(few, 4000).steps == few.steps);
  CHECK(program::thin({}, 4000).size() == 0);
}

TEST_CASE("report: a moving average of a constant is the constant, and of 150 points spans three") {
  Curve constant, jump;
  for (int step = 1; step <= 150; ++step) {
    constant.add(step, 2.5);
    jump.add(step, step <= 100 ? 0 : 1);
  }
  for (const double value : program::smooth(constant).values) CHECK(std::abs(value - 2.5) <= 1e-12);
  const auto smoothed = program::smooth(jump).values;  // β = 2/3
  CHECK(smoothed[99] == 0);
  CHECK(std::abs(smoothed[100] - 1.0 / 3) <= 1e-12);
  CHECK(std::abs(smoothed[101] - 5.0 / 9) <= 1e-12);
}

TEST_CASE("report: a run as train leaves it, under way and finished, with every number") {
  const TrainingScene s;
  const fs::path page = s.directory / "page.html";
  const Arguments report{"report", s.out.string(), "--out", page.string()};
  const Arguments more{"--steps", "9", "--eval-every", "4", "--sample-every", "4"};
  CHECK(s.run_until(6, s.anew(more)).exit_code == 130);
  CHECK(run_here(report).exit_code == 0);
  json run = data_in(page).at("runs").at(0);
  CHECK(run.at("finished") == false);
  CHECK(run.at("steps") == 6);
  CHECK(run_here(s.resume()).exit_code == 0);
  CHECK(run_here(report).exit_code == 0);
  run = data_in(page).at("runs").at(0);
  CHECK(run.at("finished") == true);
  CHECK(run.at("name") == s.out.string());
  const json& curves = run.at("curves");
  const auto metrics = lines(read_file(s.out / "metrics.jsonl"));
  for (std::size_t i = 0; i < 9; ++i) {
    const json line = json::parse(metrics[i]);
    for (const char* const key : {"loss", "grad_norm", "lr"}) {
      CHECK(curves.at(key).at(0).at(i) == line.at("step"));
      CHECK(curves.at(key).at(1).at(i) == line.at(key));
    }
  }
  CHECK(curves.at("val_loss").at(0) == json::array({4, 8, 9}));
  CHECK(curves.at("tokens_per_second").at(0).size() == 9);
  CHECK(run.at("samples").size() == 3);
  const json settings = data_in(page).at("settings");
  const auto has = [&](const char* key, const char* value) {
    return std::any_of(settings.begin(), settings.end(), [&](const json& row) {
      return row.at("key") == key && row.at("values") == json::array({value});
    });
  };
  CHECK(has("embedding_dim", "8"));
  CHECK(has("steps", "9"));
  CHECK(has("mlstm_block.mlstm.num_heads", "2"));
}

TEST_CASE("report: what differs between runs is said, and comes first") {
  program::RunHistory a, b;
  a.name = "a", b.name = "b";
  a.loss.add(1, 2), b.loss.add(1, 3);
  a.training = {{"lr", "0.1"}, {"steps", "5"}};
  b.training = {{"steps", "5"}, {"lr", "0.2"}};
  a.model = {{"d", "8"}};
  const json settings = program::report_data(std::vector{a, b}).at("settings");
  REQUIRE(settings.size() == 3);
  CHECK(settings[0].at("key") == "lr");
  CHECK(settings[0].at("values") == json::array({"0.1", "0.2"}));
  CHECK(settings[1].at("values") == json::array({"8", nullptr}));
  CHECK(settings[1].at("differs") == true);
  CHECK(settings[2].at("differs") == false);
}

TEST_CASE("report: nothing of a run becomes HTML, and the page asks for nothing from outside") {
  const RunDirectory s;
  const std::string hostile = "</script><script>alert(1)</script><!-- <b>\xff";
  put(s.run / "samples.jsonl",
      json{{"step", 2}, {"text", hostile}}.dump(-1, ' ', false, json::error_handler_t::replace));
  put(s.run / "options.json", json{{"<i>key</i>", "</script>"}}.dump());
  REQUIRE(s.report().exit_code == 0);
  const std::string html = read_file(s.page);
  CHECK(count(html, "</script>") == 3);  // the data, the library, the page's own
  CHECK(count(html, "alert(1)") == 1);
  CHECK(html.find("<script>alert") == html.npos);
  CHECK(html.find("<i>key") == html.npos);
  CHECK(count(html, "<script src") + count(html, "<link") == 0);
  CHECK(html.find("default-src 'none'") != html.npos);  // the browser sees to it
  const std::string text = data_in(s.page).at("runs").at(0).at("samples").at(0).at("text");
  CHECK(text == hostile.substr(0, hostile.size() - 1) + "\xEF\xBF\xBD");
}

TEST_CASE("report: one step, and a hundred thousand") {
  const RunDirectory one(1);
  CHECK(one.report().exit_code == 0);
  CHECK(data_in(one.page).at("runs").at(0).at("curves").at("loss") == json::parse("[[1], [5.0]]"));
  const RunDirectory many(100000);
  CHECK(many.report().exit_code == 0);
  CHECK(fs::file_size(many.page) < 2'000'000);
  CHECK(data_in(many.page).at("runs").at(0).at("steps") == 100000);
}

TEST_CASE("report: what train would not have written is refused with file and line") {
  const RunDirectory s;
  const std::string file = (s.run / "metrics.jsonl").string();
  const auto refused = [&](const std::string& metrics, const std::vector<std::string>& culprits) {
    put(s.run / "metrics.jsonl", metrics);
    check_failed(s.report(), 1, culprits);
    CHECK(!fs::exists(s.page));
  };
  refused("", {file, "empty"});
  refused(metrics_line(1) + metrics_line(2).substr(0, 30), {file + ":2"});
  refused(metrics_line(1) + "\n" + metrics_line(2), {file + ":2"});
  refused(metrics_line(1) + metrics_line(1), {file + ":2", "step 1", "after"});
  refused(R"({"step": 1, "loss": 2, "lr": 0.1})", {file + ":1", "grad_norm", "missing"});
  refused(R"({"loss": 2, "grad_norm": 1, "lr": 0.1})", {file + ":1", "step", "missing"});
  refused(R"({"step": 1, "loss": "x", "grad_norm": 1, "lr": 0.1})", {file + ":1", "loss", "\"x\""});
  refused(R"({"step": 1, "loss": 1, "grad_norm": 1, "lr": 0.1, "q": 1})", {file + ":1", "q"});
  refused("[1]", {file + ":1", "object"});
  put(s.run / "metrics.jsonl", metrics_line(1));
  put(s.run / "samples.jsonl", R"({"step": 1, "text": 5})");
  check_failed(s.report(), 1, {"samples.jsonl:1", "text"});
  fs::remove(s.run / "samples.jsonl");
  put(s.run / "config.json", "[]");
  check_failed(s.report(), 1, {"config.json", "object"});
  fs::remove(s.run / "config.json");
  check_failed(s.report(), 1, {"config.json"});
  check_failed(run_here({"report", (s.directory / "none").string()}), 1, {"none"});
}

TEST_CASE("report: the same run twice is refused") {
  const RunDirectory s;
  check_failed(run_here({"report", s.run.string(), s.run.string(), "--out", s.page.string()}), 1,
               {s.run.string(), "twice"});
}

TEST_CASE("inspect: a page with every block, head and token, and bad prompts refused") {
  const TemporaryDirectory directory;
  const std::string model = (directory / "model").string(), page = (directory / "page").string();
  write_tiny_model(model, tiny_config());
  const auto inspect = [&](const std::string& prompt) {
    return run_here({"inspect", "--model", model, "--prompt", prompt, "--out", page});
  };
  REQUIRE(inspect("ab\n</script>\xc3\xa4").exit_code == 0);
  const json data = data_in(page);
  CHECK(data.at("tokens") ==
        json{"a", "b", "↵", "<", "/", "s", "c", "r", "i", "p", "t", ">", "C3", "A4"});
  CHECK(data.at("losses").size() == 13);
  CHECK(data.at("blocks").size() == 2);
  CHECK(data.at("blocks").at(0).at("kind") == "mlstm");
  CHECK(data.at("blocks").at(1).at("kind") == "slstm");
  for (const auto& block : data.at("blocks")) {
    CHECK(block.at("quantities").size() == 9);
    for (const auto& quantity : block.at("quantities")) {
      REQUIRE(quantity.size() == 2);
      CHECK(quantity.at(0).size() == 14);
      for (const auto& value : quantity.at(0)) CHECK(value.is_number());
    }
  }
  CHECK(count(read_file(page), "</script>") == 3);
  check_failed(inspect("a"), 1, {"prompt", "1 token", "2"});
  check_failed(inspect(""), 1, {"prompt", "0 tokens"});
  check_failed(inspect(std::string(5000, 'a')), 1, {"prompt", "5000", "4096"});
  write_tiny_model(model, tiny_config(100));
  check_failed(inspect("a~"), 1, {"126", "vocab_size"});
}

}  // namespace carousel
