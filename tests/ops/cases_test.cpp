// Every op is checked, and every op has a case.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>

#include "tests/check_op.h"

namespace carousel {

namespace {

// The function that a line such as "Var<Real> layer_norm(" declares; "" for any other line.
std::string declared_op(std::string_view line) {
  const auto space = line.find(' '), parenthesis = line.find('(');
  if (space == line.npos || parenthesis == line.npos || parenthesis < space) return "";
  const auto type = line.substr(0, space);
  const auto name = line.substr(space + 1, parenthesis - space - 1);
  const bool declares = (type.ends_with("<Real>") && type != "Tensor<Real>") ||
                        type == "std::vector<Var<Real>>" || type == "Var<Wide<Real>>";
  return declares && name.find(' ') == name.npos ? std::string(name) : "";
}

// The functions that the headers of ops/ declare.
std::set<std::string> declared_ops() {
  std::set<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(CAROUSEL_SOURCE_DIR "/ops")) {
    if (entry.path().extension() != ".h") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) result.insert(declared_op(line));
  }
  result.erase("");
  return result;
}

}  // namespace

TEST_CASE("every op passes every check" * doctest::test_suite("devices")) {
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
