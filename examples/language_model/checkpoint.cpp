#include "examples/language_model/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "core/archive.h"
#include "core/directory.h"
#include "core/manifest.h"
#include "nn/model_directory.h"
#include "text/tokenizer_files.h"

namespace carousel::program {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "step-";

// "step-20" is 20; other names are none.
std::optional<std::int64_t> step_of(const std::string& name) {
  if (!name.starts_with(prefix)) return {};
  std::int64_t step = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + prefix.size(), end, step);
  const bool exact = error == std::errc{} && rest == end && checkpoint_path({}, step) == name;
  return exact ? std::optional(step) : std::nullopt;
}

// Removes those before the last `keep` up to a step; later ones are damaged, and get replaced when
// the run comes to their steps again.
void remove_old(const fs::path& directory, std::int64_t keep, std::int64_t step) {
  auto steps = checkpoint_steps(directory);
  std::erase_if(steps, [&](std::int64_t other) { return other > step; });
  const auto count = static_cast<std::int64_t>(steps.size());
  for (std::int64_t i = 0; i < count - keep; ++i) {
    discard(checkpoint_path(directory, steps[static_cast<std::size_t>(i)]));
  }
}

}  // namespace

fs::path checkpoint_path(const fs::path& directory, std::int64_t step) {
  return directory / fmt::format("{}{}", prefix, step);
}

std::vector<std::int64_t> checkpoint_steps(const fs::path& directory) {
  std::error_code error;
  std::vector<std::int64_t> steps;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (const auto step = step_of(at->path().filename().string())) steps.push_back(*step);
  }
  CAROUSEL_CHECK(!error, "cannot read {}: {}", directory.string(), error.message());
  std::ranges::sort(steps);
  return steps;
}

WholeCheckpoint newest_whole_checkpoint(const fs::path& directory) {
  WholeCheckpoint result;
  auto steps = checkpoint_steps(directory);
  CAROUSEL_CHECK(!steps.empty(), "there is no checkpoint in {}", directory.string());
  for (std::ranges::reverse(steps); const std::int64_t step : steps) {
    result.path = checkpoint_path(directory, step);
    try {
      check_manifest(result.path);
      return result;
    } catch (const Error& error) {
      result.damages.push_back(
          fmt::format("the checkpoint of step {} is damaged: {}", step, error.what()));
    }
  }
  fail("there is no whole checkpoint in {}: {}", directory.string(),
       fmt::join(result.damages, "; "));
}

template <class Real>
void save_checkpoint(const fs::path& directory, std::int64_t keep, const RunDescription& run,
                     const LanguageModel<Real>& model, const std::optional<Tokenizer>& tokenizer,
                     const TrainingState<Wide<Real>>& state, const Journal& journal) {
  const fs::path path = checkpoint_path(directory, state.step);
  if (fs::exists(path)) discard(path);  // a damaged one: the run went on from before it
  AtomicDirectory made(path);
  save_model(made.filling(), model);
  if (tokenizer) save_tokenizer(made.filling(), *tokenizer);
  save_archive(made.filling() / "run", run);
  save_archive(made.filling() / "state", state);
  journal.copy_to(made.filling());
  write_manifest(made.filling());
  made.commit();
  remove_old(directory, keep, state.step);
}

RunDescription load_run(const fs::path& checkpoint) {
  return load_archive<RunDescription>(checkpoint / "run");
}

template <class Real>
TrainingState<Real> load_state(const fs::path& checkpoint) {
  return load_archive<TrainingState<Real>>(checkpoint / "state");
}

template void save_checkpoint(const fs::path&, std::int64_t, const RunDescription&,
                              const LanguageModel<float>&, const std::optional<Tokenizer>&,
                              const TrainingState<float>&, const Journal&);
template void save_checkpoint(const fs::path&, std::int64_t, const RunDescription&,
                              const LanguageModel<double>&, const std::optional<Tokenizer>&,
                              const TrainingState<double>&, const Journal&);
template void save_checkpoint(const fs::path&, std::int64_t, const RunDescription&,
                              const LanguageModel<bf16>&, const std::optional<Tokenizer>&,
                              const TrainingState<float>&, const Journal&);
template TrainingState<float> load_state(const fs::path&);
template TrainingState<double> load_state(const fs::path&);

}  // namespace carousel::program
