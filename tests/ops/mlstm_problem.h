// What the tests of the mLSTM share: problems, runs of the op, and the truth to compare with.
#pragma once

#include <vector>

#include "ops/mlstm.h"

namespace carousel {

struct MlstmProblem {
  std::int64_t B = 1, S = 1, NH = 1, DHqk = 1, DHv = 1;
  std::vector<Tensor<double>> inputs = {};  // q, k, v, i, f, and c0, n0, m0 where there is a state
  Tensor<std::int32_t> reset = {};
};

// Random numbers that single precision holds too. den = n·q is well away from 0, where h has a
// pole: queries and keys have positive means. A reset comes on average after twelve steps.
MlstmProblem random_mlstm(MlstmProblem sizes, bool state, bool resets);

// The steps [begin, end) of a tensor (B, S, …).
template <class T>
Tensor<T> steps_of(const Tensor<T>& x, std::int64_t begin, std::int64_t end);

// The op's results h, c, n, m, and the gradients of the problem's inputs from random upstream
// gradients for all four, the same ones for every form and type.
template <class Real>
struct MlstmRun {
  std::vector<Tensor<Real>> values, gradients;
};
template <class Real>
MlstmRun<Real> run_mlstm(const MlstmProblem& problem, const MlstmOptions& options,
                         Device device = Device::cpu);

// The upstream gradients: as h, c, n, m.
std::vector<Tensor<double>> mlstm_upstream(const MlstmProblem& problem);

// The recurrence of the spec, written out in scalars, in long double: exp(1e4) is a number there.
// Gives h, c, n, m.
std::vector<Tensor<double>> mlstm_truth(const MlstmProblem& problem, const MlstmOptions& options);

// d ⟨upstream, (h, c, n, m)⟩ along one direction per input, undefined where it stays, by carrying
// the derivative through the same recurrence.
double mlstm_true_slope(const MlstmProblem& problem, const MlstmOptions& options,
                        const std::vector<Tensor<double>>& directions);

double dot(const Tensor<double>& a, const Tensor<double>& b);

}  // namespace carousel
