// The sLSTM cell over a sequence.
#pragma once

#include "autograd/var.h"
#include "kernels/slstm.h"

namespace carousel {

struct SlstmOptions {
  ForgetGate forget_gate = ForgetGate::sigmoid;
  RecurrentGradient gradient = {};  // the true one, unless told otherwise
};

// Each (B, NH, DH), or undefined: zeros. A unit with n = 0 is fresh: it has nothing to forget.
template <class Real>
struct SlstmState {
  Var<Real> h, c, n,
      m;  // output, cell, normaliser, stabiliser (the logarithm of c's and n's scale)
};

template <class Real>
struct SlstmResult {
  Var<Real> y;             // (B, S, NH, DH)  h of every step
  SlstmState<Real> state;  // after the last step
};

// The sLSTM cell, xLSTM paper (arXiv 2405.04517) equations 8 to 18, for any S >= 1.
// Pre-activations i, f, z, o: (B, S, NH, DH) each, without the recurrent part and the bias, both of
// which have gate order i, f, z, o: recurrent (NH, 4·DH, DH) is R[head, gate·DH + out, in], bias is
// (4, NH, DH). Where reset (B, S) is not zero, the state before that step is zero, exactly, and no
// gradient passes; undefined: nowhere. The final state carries gradient, too.
// Throws Error for a shape that does not fit and for a negative gradient clip.
template <class Real>
SlstmResult<Real> slstm(const Var<Real>& i, const Var<Real>& f, const Var<Real>& z,
                        const Var<Real>& o, const Var<Real>& recurrent, const Var<Real>& bias,
                        const SlstmState<Real>& state = {}, const Tensor<std::int32_t>& reset = {},
                        const SlstmOptions& options = {});

}  // namespace carousel
