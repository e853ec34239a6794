// `carousel gradcheck`: the cases themselves are the subject of tests/ops.

#include "autograd/gradcheck.h"

#include <doctest/doctest.h>

#include "examples/language_model/model_case.h"
#include "tests/program/run_program.h"

namespace carousel {

TEST_CASE("gradcheck: a row per case and a count") {
  const Run run = run_program({"gradcheck", "--filter", "layer_norm: odd"});
  CHECK(run.exit_code == 0);
  CHECK(run.error.empty());
  const auto rows = lines(run.output);
  REQUIRE(rows.size() == 3);
  CHECK(rows[1].starts_with("layer_norm"));
  CHECK(rows[1].find("x [5, 7], weight, bias [7]") != std::string::npos);
  CHECK(rows[2] == "1 passed, 0 failed");
}

TEST_CASE("gradcheck: a filter that nothing matches is an error") {
  check_failed(run_program({"gradcheck", "--filter", "no such op"}), 1, {"no such op"});
}

TEST_CASE("gradcheck: whole language models, through a state that is passed on") {
  for (const auto& model_case : program::model_cases()) {
    const auto checks =
        gradcheck(model_case.run_double, make_inputs<double>(model_case), {.elements = 4});
    REQUIRE(checks.size() == model_case.inputs.size());
    for (std::size_t i = 0; i < checks.size(); ++i) {
      INFO(model_case.note, ", ", model_case.inputs[i].name);
      CHECK(checks[i].error() <= model_case.tolerance);
    }
  }
}

}  // namespace carousel
