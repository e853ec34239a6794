// Example calls of every op: the one list behind `carousel gradcheck` and the op tests. A new op
// gets its cases in a file of its stem here; a test fails while it has none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autograd/checkpoint.h"
#include "autograd/var.h"

namespace carousel {

// An input of a case: normal random numbers, offset + scale · N(0, 1), unless values are given.
struct CaseInput {
  std::string name;
  Shape shape;
  double scale = 1;
  double offset = 0;
  std::vector<double> values = {};
};

struct OpCase {
  std::string op;    // the function's name
  std::string note;  // what this case is about: "S = 1", "no bias", …
  std::vector<CaseInput> inputs;
  double tolerance;  // of the gradient check, relative
  Function<float> run_float;
  Function<double> run_double;
};

class CaseList {
 public:
  // function: a generic callable, const std::vector<Var<Real>>& ↦ std::vector<Var<Real>>.
  template <class F>
  void add(std::string op, std::string note, std::vector<CaseInput> inputs, F function,
           double tolerance = 1e-7) {
    cases_.push_back(
        {std::move(op), std::move(note), std::move(inputs), tolerance, function, function});
  }
  const std::vector<OpCase>& all() const { return cases_; }

 private:
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
