// Every op is checked, and every op has a case.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/check_op.h"

namespace carousel {

namespace {

// The functions that the headers of ops/ declare: lines such as "Var<Real> layer_norm(".
std::set<std::string> declared_ops() {
  const std::regex declaration(R"(^(?:\w+<Real>|std::vector<Var<Real>>) (\w+)\()");
  std::set<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(CAROUSEL_SOURCE_DIR "/ops")) {
    if (entry.path().extension() != ".h") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (std::regex_search(line, match, declaration)) result.insert(match[1]);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("every op passes every check") {
  for (const auto& op_case : op_cases()) {
    SUBCASE((op_case.op + ": " + op_case.note).c_str()) { check_op(op_case); }
  }
}

TEST_CASE("every op has a case, and every case an op") {
  std::set<std::string> checked;
  for (const auto& op_case : op_cases()) checked.insert(op_case.op);
  const auto declared = declared_ops();
  REQUIRE(declared.size() >= 1);
  for (const auto& op : declared) {
    INFO(op, " is declared in ops/ but has no case in ops/cases/");
    CHECK(checked.count(op) == 1);
  }
  for (const auto& op : checked) {
    INFO(op, " has a case in ops/cases/ but is not declared in ops/");
    CHECK(declared.count(op) == 1);
  }
}

}  // namespace carousel
