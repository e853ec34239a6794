#include "examples/language_model/report/report_data.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace carousel::program {

namespace {

using nlohmann::json;

constexpr std::size_t picture_points = 4000;
constexpr std::size_t shown_samples = 40;

json picture(const Curve& curve) {
  const Curve shown = thin(curve, picture_points);
  return {shown.steps, shown.values};
}

// The lowest value with its step, or null.
json lowest(const Curve& curve) {
  if (curve.size() == 0) return nullptr;
  const auto best = std::ranges::min_element(curve.values) - curve.values.begin();
  return {{"value", curve.values[static_cast<std::size_t>(best)]},
          {"step", curve.steps[static_cast<std::size_t>(best)]}};
}

json median(std::vector<double> values) {
  if (values.empty()) return nullptr;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

// All, or equally spaced ones with the first and the last.
json samples(const std::vector<Sample>& all) {
  const std::size_t count = std::min(all.size(), shown_samples);
  json shown = json::array();
  for (std::size_t i = 0; i < count; ++i) {
    const Sample& sample = count == 1 ? all.back() : all[i * (all.size() - 1) / (count - 1)];
    shown.push_back({{"step", sample.step}, {"text", sample.text}});
  }
  return shown;
}

json run_data(const RunHistory& run) {
  const Curve smoothed = smooth(run.loss);
  return {{"name", run.name},
          {"finished", run.finished},
          {"steps", run.loss.steps.back()},
          {"last_loss", smoothed.values.back()},
          {"best_validation", lowest(run.val_loss)},
          {"median_speed", median(run.tokens_per_second.values)},
          {"curves",
           {{"loss", picture(run.loss)},
            {"smooth_loss", picture(smoothed)},
            {"val_loss", picture(run.val_loss)},
            {"grad_norm", picture(run.grad_norm)},
            {"lr", picture(run.lr)},
            {"tokens_per_second", picture(run.tokens_per_second)},
            {"smooth_tokens_per_second", picture(smooth(run.tokens_per_second))}}},
          {"samples", samples(run.samples)},
          {"sample_count", run.samples.size()}};
}

// The value of a key, or null.
json value_in(const Settings& settings, const std::string& key) {
  const auto found = std::ranges::find(settings, key, &Settings::value_type::first);
  return found == settings.end() ? json(nullptr) : json(found->second);
}

void add_settings(json& rows, const char* group, std::span<const RunHistory> runs,
                  Settings RunHistory::*part) {
  std::vector<std::string> keys;
  for (const auto& run : runs) {
    for (const auto& [key, value] : run.*part) {
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
  }
  for (const auto& key : keys) {
    json values = json::array();
    for (const auto& run : runs) values.push_back(value_in(run.*part, key));
    const bool differs = std::ranges::any_of(values, [&](const json& v) { return v != values[0]; });
    rows.push_back({{"group", group}, {"key", key}, {"values", values}, {"differs", differs}});
  }
}

}  // namespace

json report_data(std::span<const RunHistory> runs) {
  json run_list = json::array(), rows = json::array();
  for (const auto& run : runs) run_list.push_back(run_data(run));
  add_settings(rows, "training", runs, &RunHistory::training);
  add_settings(rows, "model", runs, &RunHistory::model);
  std::stable_partition(rows.begin(), rows.end(), [](const json& row) { return row["differs"]; });
  return {{"runs", std::move(run_list)}, {"settings", std::move(rows)}};
}

}  // namespace carousel::program
