#include "autograd/gradcheck.h"

#include <algorithm>
#include <iterator>

#include "core/parallel.h"
#include "examples/language_model/commands.h"
#include "examples/language_model/model_case.h"
#include "examples/language_model/streams.h"

namespace carousel::program {

namespace {

// "i, f [2, 3], bias [3]": neighbours of one shape share it. Of very many, their number.
std::string describe_inputs(const std::vector<CaseInput>& inputs) {
  constexpr std::size_t very_many = 16;
  std::string text;
  std::int64_t numbers = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool last_of_shape = i + 1 == inputs.size() || inputs[i + 1].shape != inputs[i].shape;
    text += (i == 0 ? "" : ", ") + inputs[i].name;
    if (last_of_shape) text += fmt::format(" {}", inputs[i].shape);
    numbers += inputs[i].shape.numel();
  }
  if (inputs.size() < very_many) return text;
  return fmt::format("{} parameters, {} numbers", inputs.size(), numbers);
}

// A row-major place in a shape: "[1, 0, 2]".
std::string place(std::int64_t at, const Shape& shape) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    indices[static_cast<std::size_t>(axis)] = at % shape[axis];
    at /= shape[axis];
  }
  return fmt::format("[{}]", fmt::join(indices, ", "));
}

struct Outcome {
  double error = 0;  // the worst of all inputs
  std::string where;
  std::string trouble;  // empty: passed
};

Outcome check(const OpCase& op_case, Device device) {
  Outcome outcome;
  std::vector<InputCheck> checks;
  try {
    checks = carousel::gradcheck(op_case.run_double, make_inputs<double>(op_case, device));
  } catch (const Error& error) {
    outcome.trouble = error.what();
    return outcome;
  }
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const auto& [name, shape, scale, offset, values] = op_case.inputs[i];
    if (checks[i].error() <= outcome.error) continue;  // a NaN is not, and stays
    outcome.error = checks[i].error();
    outcome.where = fmt::format("d{} {}", name, place(checks[i].worst, shape));
    if (outcome.error <= op_case.tolerance) continue;
    outcome.trouble = fmt::format("tolerance {:.0e}, analytic {:.10g}, numeric {:.10g}",
                                  op_case.tolerance, checks[i].analytic, checks[i].numeric);
    if (!(outcome.error > 0)) break;
  }
  return outcome;
}

std::vector<OpCase> matching_cases(const std::string& filter) {
  std::vector<OpCase> all = op_cases();
  std::ranges::move(model_cases(), std::back_inserter(all));
  std::erase_if(all, [&](const OpCase& op_case) {
    return (op_case.op + ": " + op_case.note).find(filter) == std::string::npos;
  });
  CAROUSEL_CHECK(!all.empty(), "gradcheck: no case matches --filter \"{}\"", filter);
  return all;
}

}  // namespace

int run(const GradcheckOptions& options) {
  set_threads(options.threads);
  check_available(options.device);
  const auto cases = matching_cases(options.filter);
  std::size_t op_width = 2, note_width = 4;
  for (const auto& op_case : cases) {
    op_width = std::max(op_width, op_case.op.size());
    note_width = std::max(note_width, op_case.note.size());
  }
  const auto row = [&](const auto& op, const auto& note, const auto& error, const auto& where,
                       const auto& inputs) {
    print(fmt::format("{:<{}}  {:<{}}  {:>11}  {:<24}  {}\n", op, op_width, note, note_width, error,
                      where, inputs));
  };

  row("op", "case", "worst error", "where", "inputs");
  std::size_t failed = 0;
  for (const auto& op_case : cases) {
    const Outcome outcome = check(op_case, options.device);
    row(op_case.op, op_case.note, fmt::format("{:.1e}", outcome.error), outcome.where,
        describe_inputs(op_case.inputs));
    if (outcome.trouble.empty()) continue;
    ++failed;
    print(fmt::format("FAILED {}: {}: {}\n", op_case.op, op_case.note, outcome.trouble));
  }
  print(fmt::format("{} passed, {} failed\n", cases.size() - failed, failed));
  return failed == 0 ? 0 : 1;
}

}  // namespace carousel::program
