// What a checkpoint remembers of the command line.

#include <doctest/doctest.h>

#include <regex>
#include <set>

#include "core/archive.h"
#include "examples/language_model/options/options.h"
#include "tests/program/run_program.h"

namespace carousel {

TEST_CASE("train: a checkpoint remembers every option but those that say where and how fast") {
  const auto kept = ArchiveWriter().write(program::TrainOptions());
  const std::set<std::string> elsewhere{"help", "no_cuda_graph", "out", "resume", "threads"};
  const std::string help = run_program({"train", "--help"}).output;
  const std::regex option("\n  (?:-h,)?--([a-z-]+)");
  std::size_t found = 0;
  for (std::sregex_iterator at(help.begin(), help.end(), option), end; at != end; ++at, ++found) {
    std::string key = (*at)[1];
    std::replace(key.begin(), key.end(), '-', '_');
    INFO(key);
    if (key == "betas") key = "beta1";
    CHECK(kept.contains(key) != elsewhere.contains(key));
  }
  CHECK(found > 30);
}

}  // namespace carousel
