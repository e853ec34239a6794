#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/pages/page.h"
#include "examples/language_model/report/report_data.h"
#include "examples/language_model/streams.h"

namespace carousel::program {

int run(const ReportOptions& options) {
  std::vector<RunHistory> runs;
  for (const auto& directory : options.runs) {
    const bool again = std::ranges::any_of(
        runs, [&](const RunHistory& run) { return run.name == directory.string(); });
    CAROUSEL_CHECK(!again, "report: {} is given twice", directory.string());
    runs.push_back(read_run(directory));
  }
  write_file_atomically(options.out, report_page(report_data(runs)));
  print_note(fmt::format("{} shows {} run{}", options.out.string(), runs.size(),
                         runs.size() == 1 ? "" : "s"));
  return 0;
}

}  // namespace carousel::program
