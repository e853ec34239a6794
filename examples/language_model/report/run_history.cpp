#include "examples/language_model/report/run_history.h"

#include <string_view>

#include "core/file.h"
#include "core/json_object.h"

namespace carousel::program {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// read(object, step) for the JSON object of every line.
template <class Read>
void read_lines(const fs::path& file, const Read& read) {
  const std::string text = read_file(file);
  std::int64_t line = 1, last_step = 0;
  for (std::string_view rest = text; !rest.empty(); ++line) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string origin = fmt::format("{}:{}", file.string(), line);
    const json parsed = parse_json(rest.substr(0, end), origin);
    JsonObject object(parsed, origin, "");
    std::int64_t step = 0;
    CAROUSEL_CHECK(object.read("step", step), "{}: step is missing", origin);
    CAROUSEL_CHECK(step > last_step, "{}: step {} comes after step {}, want rising steps from 1",
                   origin, step, last_step);
    read(object, step, origin);
    object.finish();
    last_step = step;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void add(Curve& curve, JsonObject& object, const char* key, std::int64_t step,
         const std::string& origin) {
  double value = 0;
  CAROUSEL_CHECK(object.read(key, value), "{}: {} is missing", origin, key);
  curve.add(step, value);
}

void read_metrics(RunHistory& run, const fs::path& file) {
  read_lines(file, [&](JsonObject& object, std::int64_t step, const std::string& origin) {
    add(run.loss, object, "loss", step, origin);
    add(run.grad_norm, object, "grad_norm", step, origin);
    add(run.lr, object, "lr", step, origin);
    if (object.find("val_loss") != nullptr) add(run.val_loss, object, "val_loss", step, origin);
  });
}

void read_speed(RunHistory& run, const fs::path& file) {
  read_lines(file, [&](JsonObject& object, std::int64_t step, const std::string& origin) {
    add(run.tokens_per_second, object, "tokens_per_second", step, origin);
  });
}

void read_samples(RunHistory& run, const fs::path& file) {
  read_lines(file, [&](JsonObject& object, std::int64_t step, const std::string& origin) {
    const json* const text = object.find("text");
    CAROUSEL_CHECK(text != nullptr, "{}: text is missing", origin);
    if (!text->is_string()) object.reject("text", *text, "a text");
    run.samples.push_back({step, text->get<std::string>()});
  });
}

void flatten(const json& value, const std::string& path, Settings& settings) {
  if (!value.is_object()) {
    settings.emplace_back(path, value.is_string() ? value.get<std::string>() : show(value));
    return;
  }
  for (const auto& [key, member] : value.items()) {
    flatten(member, path.empty() ? key : path + "." + key, settings);
  }
}

Settings read_settings(const fs::path& file) {
  const std::string origin = file.string();
  const json parsed = parse_json(read_file(file), origin);
  CAROUSEL_CHECK(parsed.is_object(), "{}: got {}, want an object", origin, show(parsed));
  Settings settings;
  flatten(parsed, "", settings);
  return settings;
}

}  // namespace

RunHistory read_run(const fs::path& directory) {
  RunHistory run;
  run.name = directory.string();
  run.finished = !fs::exists(directory / "unfinished-training" / "metrics.jsonl");
  const fs::path files = run.finished ? directory : directory / "unfinished-training";
  read_metrics(run, files / "metrics.jsonl");
  run.model = read_settings(files / "config.json");
  if (fs::exists(files / "speed.jsonl")) read_speed(run, files / "speed.jsonl");
  const auto samples = files / "samples.jsonl";
  if (fs::exists(samples) && fs::file_size(samples) > 0) read_samples(run, samples);
  if (fs::exists(files / "options.json")) run.training = read_settings(files / "options.json");
  return run;
}

}  // namespace carousel::program
