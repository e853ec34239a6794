// What happens inside a cell at one token, per head.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/block.h"

namespace carousel::program {

// Names and values, one per head: of units their mean, or the 2-norm of all of them.
using HeadValues = std::vector<std::pair<std::string, std::vector<double>>>;

// x (1, 1, d) is what the layer is called with, `before` and `after` are its state before and after
// this token. Gates are computed from x and the state before, as the layer does; all else is read
// off the state after. Kernels do not know that someone is looking.
//
// mLSTM: "input_log" ĩ, "forget" σ(f̃), "output" the mean of SiLU(z), "input_stable" i′,
// "forget_stable" f′, "m", "n" |n|, "normaliser" max(|n·q|, e^(−m)), "memory" |C|.
template <class Real>
HeadValues view(const MlstmLayer<Real>& layer, const Var<Real>& x, const BlockState<Real>& before,
                const BlockState<Real>& after);

// sLSTM: "input_log" ĩ, "forget" σ(f̃) or e^f̃, "output" σ(õ), "input_stable", "forget_stable", "m",
// "n", each the mean over units, "cell" |c|, "hidden" |h|. LSTM in its place: "input" σ(ĩ),
// "forget", "output", "cell", "hidden".
template <class Real>
HeadValues view(const SlstmLayer<Real>& layer, const Var<Real>& x, const BlockState<Real>& before,
                const BlockState<Real>& after);

// "mlstm", "slstm" or "lstm".
template <class Real>
std::string kind(const Block<Real>& block);

template <class Real>
HeadValues view(const Block<Real>& block, const Var<Real>& x, const BlockState<Real>& before,
                const BlockState<Real>& after) {
  return std::visit([&](const auto& layer) { return view(layer, x, before, after); }, block.xlstm);
}

}  // namespace carousel::program
