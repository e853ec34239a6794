// What the report page shows, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "examples/language_model/report/run_history.h"

namespace carousel::program {

// runs: name, finished, steps, the curves as [steps, values] thinned for the picture, figures about
// them, samples. settings: every key of the runs' configurations with a value, or null, per run,
// and whether these differ; those that do come first.
nlohmann::json report_data(std::span<const RunHistory> runs);

}  // namespace carousel::program
