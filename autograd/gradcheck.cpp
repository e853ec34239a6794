#include "autograd/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/tape.h"
#include "core/random.h"

namespace carousel {

namespace {

using Tensors = std::vector<Tensor<double>>;

double dot(const Tensor<double>& a, const Tensor<double>& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) sum += a.data()[i] * b.data()[i];
  return sum;
}

bool all_finite(const Tensor<double>& x) {
  const auto values = x.values();
  return std::all_of(values.begin(), values.end(), [](double y) { return std::isfinite(y); });
}

// A function of several tensors, seen along one line: t ↦ ⟨u, f(x + t v)⟩ with v on one input.
class Line {
 public:
  Line(const Function<double>& function, const Tensors& inputs, const Tensors& upstream)
      : function_(function), inputs_(inputs), upstream_(upstream) {}

  // d/dt at t = 0, by central differences of fourth order.
  double slope(std::size_t input, const Tensor<double>& direction, double h) const {
    const auto at = [&](double t) { return value(input, direction, t); };
    return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
  }

 private:
  double value(std::size_t input, const Tensor<double>& direction, double t) const {
    std::vector<Var<double>> moved(inputs_.begin(), inputs_.end());
    Tensor<double> x = inputs_[input].to(Device::cpu).clone();
    for (std::int64_t i = 0; i < x.numel(); ++i) x.mutable_data()[i] += t * direction.data()[i];
    moved[input] = Var<double>(x.to(inputs_[input].device()));
    const Tape::Pause pause;
    const auto outputs = function_(moved);
    double sum = 0;
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      sum += dot(upstream_[o], outputs[o].value.to(Device::cpu));
    }
    return sum;
  }

  const Function<double>& function_;
  const Tensors& inputs_;
  const Tensors& upstream_;
};

// On the host.
struct Analytic {
  Tensors upstream;   // u, one per output
  Tensors gradients;  // Jᵀu, one per input
};

Analytic run_backward(const Function<double>& function, const Tensors& inputs, Random random) {
  Tape tape;
  std::vector<Var<double>> leaves;
  for (const auto& input : inputs) {
    leaves.push_back(input.defined() ? parameter(input.clone()) : Var<double>());
  }
  const auto outputs = function(leaves);
  CAROUSEL_CHECK(!outputs.empty(), "gradcheck: the function has no output");

  Analytic result;
  std::vector<Var<double>> recorded;
  Tensors seeds;
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    if (!outputs[o].defined()) {
      result.upstream.emplace_back();
      continue;
    }
    CAROUSEL_CHECK(all_finite(outputs[o].value.to(Device::cpu)),
                   "gradcheck: output {} is not finite at the point given", o);
    result.upstream.push_back(
        random_normal<double>(outputs[o].shape(), random.named(fmt::format("upstream {}", o))));
    if (!outputs[o].wanted()) continue;
    recorded.push_back(outputs[o]);
    seeds.push_back(result.upstream.back().to(outputs[o].device()));
  }
  if (!recorded.empty()) {
    tape.backward(std::span<const Var<double>>(recorded), std::span<const Tensor<double>>(seeds));
  }
  for (const auto& leaf : leaves) {
    result.gradients.push_back(leaf.wanted() ? leaf.grad->value().to(Device::cpu)
                                             : Tensor<double>());
  }
  return result;
}

// a / b, where 0 / 0 is no error.
double ratio(double a, double b) { return a == 0 ? 0 : a / b; }

// The elements to look at: all of them, or as many as wanted at random places.
std::vector<std::int64_t> places(std::int64_t numel, std::int64_t wanted, Random random) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < std::min(numel, wanted); ++i) {
    const auto at = random.below(static_cast<std::uint64_t>(numel), static_cast<std::uint64_t>(i));
    result.push_back(numel <= wanted ? i : static_cast<std::int64_t>(at));
  }
  return result;
}

InputCheck check_input(const Line& line, const Tensors& inputs, const Tensors& gradients,
                       std::size_t input, const GradcheckOptions& options) {
  if (!inputs[input].defined()) return {};
  const Random random = Random{options.seed}.named(fmt::format("input {}", input));
  const Tensor<double>& g = gradients[input];
  const double norm = std::sqrt(dot(g, g));
  const double rms = norm / std::sqrt(static_cast<double>(std::max<std::int64_t>(1, g.numel())));
  InputCheck check;

  const auto v = random_normal<double>(inputs[input].shape(), random.named("direction"));
  const double slope = line.slope(input, v, options.step);
  check.projection_error = ratio(std::abs(dot(v, g) - slope), std::max(norm, std::abs(slope)));

  for (const std::int64_t i : places(g.numel(), options.elements, random.named("places"))) {
    auto unit = Tensor<double>::zeros(g.shape());
    unit.mutable_data()[i] = 1;
    const double analytic = g.data()[i];
    const double numeric = line.slope(input, unit, options.step);
    const double error =
        ratio(std::abs(analytic - numeric), std::max({std::abs(analytic), std::abs(numeric), rms}));
    if (error <= check.element_error) continue;  // a NaN is not, and stays
    check = {check.projection_error, error, i, analytic, numeric};
    if (std::isnan(error)) break;
  }
  return check;
}

}  // namespace

double InputCheck::error() const {
  if (std::isnan(projection_error) || std::isnan(element_error)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::max(projection_error, element_error);
}

std::vector<InputCheck> gradcheck(const Function<double>& function,
                                  const std::vector<Tensor<double>>& inputs,
                                  const GradcheckOptions& options) {
  const Analytic analytic = run_backward(function, inputs, Random{options.seed});
  const Line line(function, inputs, analytic.upstream);
  std::vector<InputCheck> checks;
  for (std::size_t input = 0; input < inputs.size(); ++input) {
    checks.push_back(check_input(line, inputs, analytic.gradients, input, options));
  }
  return checks;
}

std::vector<InputCheck> gradcheck(const Function<float>&, const std::vector<Tensor<float>>&,
                                  const GradcheckOptions&) {
  fail(
      "gradcheck: got float, want double: a difference quotient in single precision carries about "
      "three correct digits, too few to tell a wrong gradient from rounding");
}

std::vector<InputCheck> gradcheck(const Function<bf16>&, const std::vector<Tensor<bf16>>&,
                                  const GradcheckOptions&) {
  fail(
      "gradcheck: got bf16, want double: numbers of two to three digits leave none to a difference "
      "quotient");
}

}  // namespace carousel
