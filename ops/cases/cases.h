// Example calls of every op: the one list behind `carousel gradcheck` and the op tests. A new op
// gets its cases in a file of its stem here; a test fails while it has none.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "autograd/checkpoint.h"
#include "autograd/var.h"
#include "ops/convert.h"

namespace carousel {

// An input of a case: normal random numbers, offset + scale · N(0, 1), unless values are given.
struct CaseInput {
  std::string name;
  Shape shape;
  double scale = 1;
  double offset = 0;
  std::vector<double> values = {};
};

// What the function of a case gets: input i as an activation, in[i], or as what stays wide,
// in.wide(i).
template <class Real>
class CaseArguments {
 public:
  explicit CaseArguments(const std::vector<Var<Wide<Real>>>& inputs)
      : wide_(inputs), narrow_(inputs.size()) {}

  const Var<Real>& operator[](std::size_t i) const {
    if (!narrow_[i].defined()) narrow_[i] = narrow<Real>(wide_[i]);
    return narrow_[i];
  }
  const Var<Wide<Real>>& wide(std::size_t i) const { return wide_[i]; }
  bool only_wide(std::size_t i) const { return !narrow_[i].defined(); }
  std::size_t size() const { return wide_.size(); }

 private:
  std::vector<Var<Wide<Real>>> wide_;
  mutable std::vector<Var<Real>> narrow_;  // those asked for
};

// What it returns, a vector or tuple of Vars, widened.
template <class Real>
struct CaseResults {
  std::vector<Var<Wide<Real>>> outputs = {};
  std::vector<bool> wide_outputs = {}, wide_inputs = {};  // those that were wide all the time

  template <class T>
  void add(const Var<T>& output) {
    constexpr bool wide = std::is_same_v<T, Wide<Real>>;
    if constexpr (wide) {
      outputs.push_back(output);
    } else {
      outputs.push_back(widen(output));
    }
    wide_outputs.push_back(wide);
  }
  template <class T>
  void add(const std::vector<Var<T>>& all) {
    for (const auto& output : all) add(output);
  }
  template <class... T>
  void add(const std::tuple<Var<T>...>& all) {
    std::apply([&](const auto&... output) { (add(output), ...); }, all);
  }
};

struct OpCase {
  std::string op;    // the function's name
  std::string note;  // what this case is about: "S = 1", "no bias", …
  std::vector<CaseInput> inputs;
  double tolerance;  // of the gradient check, relative
  Function<float> run_float;
  Function<double> run_double;
  // From float to float by way of bf16; null where the op has no such form.
  std::function<CaseResults<bf16>(const std::vector<Var<float>>&)> run_bf16 = {};
};

class CaseList {
 public:
  // function: a generic callable, const CaseArguments<Real>& ↦ a vector or tuple of Vars.
  template <class F>
  void add(std::string op, std::string note, std::vector<CaseInput> inputs, F function,
           double tolerance = 1e-7) {
    add_wide(std::move(op), std::move(note), std::move(inputs), function, tolerance);
    cases_.back().run_bf16 = [function](const auto& in) { return run<bf16>(function, in); };
  }
  // The same of an op without a form for bf16.
  template <class F>
  void add_wide(std::string op, std::string note, std::vector<CaseInput> inputs, F function,
                double tolerance = 1e-7) {
    const auto outputs = [function]<class Real>(const std::vector<Var<Real>>& in) {
      return run<Real>(function, in).outputs;
    };
    cases_.push_back(
        {std::move(op), std::move(note), std::move(inputs), tolerance, outputs, outputs});
  }
  const std::vector<OpCase>& all() const { return cases_; }

 private:
  template <class Real, class F>
  static CaseResults<Real> run(const F& function, const std::vector<Var<Wide<Real>>>& in) {
    const CaseArguments<Real> arguments(in);
    CaseResults<Real> results;
    results.add(function(arguments));
    for (std::size_t i = 0; i < in.size(); ++i) {
      results.wide_inputs.push_back(arguments.only_wide(i));
    }
    return results;
  }

  std::vector<OpCase> cases_;
};

// The inputs of a case as tensors: the same numbers on every call and device.
template <class Real>
std::vector<Tensor<Real>> make_inputs(const OpCase& op_case, Device device = Device::cpu);

// The case's function in the element type asked for.
template <class Real>
const Function<Real>& function(const OpCase& op_case);

const std::vector<OpCase>& op_cases();

// One per stem, called by op_cases().
void add_block_diagonal_cases(CaseList& list);
void add_conv1d_cases(CaseList& list);
void add_convert_cases(CaseList& list);
void add_arithmetic_cases(CaseList& list);
void add_activation_cases(CaseList& list);
void add_cross_entropy_cases(CaseList& list);
void add_dropout_cases(CaseList& list);
void add_embedding_cases(CaseList& list);
void add_layer_norm_cases(CaseList& list);
void add_linear_cases(CaseList& list);
void add_lstm_cases(CaseList& list);
void add_matmul_cases(CaseList& list);
void add_mlstm_cases(CaseList& list);
void add_layout_cases(CaseList& list);
void add_reduce_cases(CaseList& list);
void add_rms_norm_cases(CaseList& list);
void add_skip_gate_cases(CaseList& list);
void add_slstm_cases(CaseList& list);

}  // namespace carousel
