// mLSTM cell: matrix memory with exponential gating.
#pragma once

#include "autograd/var.h"

namespace carousel {

// The same function in three ways: step by step, cheapest for one step; all pairs of positions; and
// chunk by chunk, cheapest for sequences.
enum class MlstmForm { recurrent, parallel, chunkwise };

struct MlstmOptions {
  MlstmForm form = MlstmForm::chunkwise;
  std::int64_t chunk_size = 64;  // of the chunkwise form, and between the states that the recurrent
                                 // form keeps for backward; any length goes with any size
  double eps = 1e-6;
  bool scale_query = false;  // 1/√DHqk is on q (xLSTM-7B), else on k (xLSTM paper): same h, but
                             // states that differ by the factor
};

// Undefined: fresh, as if m were −∞. Either all three are defined or none.
template <class Real>
struct MlstmState {
  Var<Real> c;  // (B, NH, DHqk, DHv)
  Var<Real> n;  // (B, NH, DHqk)
  Var<Real> m;  // (B, NH)
};

template <class Real>
struct MlstmResult {
  Var<Real> h;                   // (B, S, NH, DHv)
  MlstmState<Wide<Real>> state;  // after the last step
};

// mLSTM cell (Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory", section 2.3), for every
// head, with log f = logσ(f_t), κ = 1/√DHqk and from a given or fresh state:
//
//   m_t = max(log f + m_{t−1}, i_t)     f' = exp(log f + m_{t−1} − m_t)     i' = exp(i_t − m_t)
//   C_t = f' C_{t−1} + i' κ k_t v_tᵀ    n_t = f' n_{t−1} + i' κ k_t
//   h_t = C_tᵀ q_t / (max(|n_t·q_t|, exp(−m_t)) + eps)
//
// q, k (B, S, NH, DHqk), v (B, S, NH, DHv), pre-activations of the gates i, f (B, S, NH). reset (B,
// S) or undefined: where nonzero the state is fresh before that step, and neither values nor
// gradients cross. Gradients are exact for every input and from every output, the final state
// included. A state that is moved in, held by nobody else and not on a tape is updated in place by
// the recurrent form. Throws Error for shapes that do not fit, S = 0, and a chunk size below 1.
template <class Real>
MlstmResult<Real> mlstm(const Var<Real>& q, const Var<Real>& k, const Var<Real>& v,
                        const Var<Wide<Real>>& i, const Var<Wide<Real>>& f,
                        MlstmState<Wide<Real>> state, const Tensor<std::int32_t>& reset = {},
                        const MlstmOptions& options = {});

}  // namespace carousel
