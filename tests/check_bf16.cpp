#include "tests/check_bf16.h"

#include "tests/run_case.h"

namespace carousel {

namespace {

// The same numbers with the digits of bf16: where a case begins, so that it meets no rounding but
// its own.
template <class Real>
Tensor<Real> rounded(const Tensor<Real>& x) {
  return x.template to<float>().template to<bf16>().template to<Real>();
}

template <class Real>
std::vector<Tensor<Real>> rounded_inputs(const OpCase& op_case, Device device) {
  auto inputs = make_inputs<Real>(op_case);
  for (auto& input : inputs) input = rounded(input).to(device);
  return inputs;
}

template <class Real>
Tensor<Real> rounded_upstream(const Shape& shape, std::size_t output) {
  return rounded(upstream_of<Real>(shape, output));
}

struct Bf16Run {
  CaseRun<float> run;
  std::vector<bool> wide_outputs, wide_inputs;
};

Bf16Run run_bf16(const OpCase& op_case, Device device, int times = 1) {
  Bf16Run result;
  const auto function = [&](const std::vector<Var<float>>& in) {
    const auto results = op_case.run_bf16(in);
    result.wide_outputs = results.wide_outputs;
    result.wide_inputs = results.wide_inputs;
    return results.outputs;
  };
  result.run = run_function(function, rounded_inputs<float>(op_case, device), device, times,
                            rounded_upstream<float>);
  return result;
}

struct Tolerance {
  double narrow, wide;
};

// A number rounded to bf16 is off by at most 2⁻⁸, many of them in their norm by 2e-3, and results
// come from a few that were rounded on the way. What is wide was not, unless it was computed from
// what was: the sum before a norm, what reaches narrow, all inside the mLSTM.
Tolerance output_tolerance(const OpCase& op_case) {
  return {1e-2, op_case.op == "mlstm" ? 1e-2 : 1e-5};
}

// Where the normaliser of the mLSTM is |n·q|, h knows nothing of q's length and of the state's:
// their gradients are differences of terms several times as large.
Tolerance gradient_tolerance(const OpCase& op_case) {
  if (op_case.op == "mlstm") return {3e-2, 3e-2};
  const bool from_rounded = op_case.op == "narrow" || op_case.op == "add_layer_norm";
  return {1e-2, from_rounded ? 1e-2 : 1e-5};
}

void check_close(const std::vector<Tensor<float>>& got, const std::vector<Tensor<double>>& want,
                 const std::vector<bool>& wide, const Tolerance& tolerance) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("number ", i);
    CHECK(relative_error(got[i].to<double>(), want[i]) <=
          (wide[i] ? tolerance.wide : tolerance.narrow));
  }
}

}  // namespace

void check_bf16(const OpCase& op_case, Device device) {
  if (!op_case.run_bf16) return;
  INFO("bf16");
  const Bf16Run result = run_bf16(op_case, device);
  const CaseRun<float>& once = result.run;
  const auto want = run_function(op_case.run_double, rounded_inputs<double>(op_case, Device::cpu),
                                 Device::cpu, 1, rounded_upstream<double>);
  {
    INFO("output");
    check_close(once.outputs, want.outputs, result.wide_outputs, output_tolerance(op_case));
  }
  {
    INFO("gradient");
    check_close(once.gradients, want.gradients, result.wide_inputs, gradient_tolerance(op_case));
  }
  check_identical(run_bf16(op_case, device).run, once);

  const auto twice = run_bf16(op_case, device, 2).run;
  for (std::size_t i = 0; i < once.gradients.size(); ++i) {
    Tensor<float> doubled = once.gradients[i].clone();
    for (float& value : doubled.mutable_values()) value *= 2;
    CHECK(relative_error(twice.gradients[i], doubled) <= 1e-5);
  }

  const GuardZones guard;
  check_finite(run_bf16(op_case, device).run);
  CHECK(GuardZones::damaged() == 0);
}

}  // namespace carousel
