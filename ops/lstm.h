// The LSTM cell over a sequence.
#pragma once

#include "autograd/var.h"
#include "kernels/recurrence.h"

namespace carousel {

template <class Real>
struct LstmState {  // each (B, NH, DH), or undefined: zeros
  Var<Real> h, c;
};

template <class Real>
struct LstmResult {
  Var<Real> y;            // (B, S, NH, DH)  h of every step
  LstmState<Real> state;  // after the last step
};

// The LSTM cell, c = σ(f) c + σ(i) tanh z and h = σ(o) tanh c, with the sLSTM's recurrence inside
// each head. Arguments and errors are those of slstm.
template <class Real>
LstmResult<Real> lstm(const Var<Real>& i, const Var<Real>& f, const Var<Real>& z,
                      const Var<Real>& o, const Var<Real>& recurrent, const Var<Real>& bias,
                      const LstmState<Real>& state = {}, const Tensor<std::int32_t>& reset = {},
                      const RecurrentGradient& gradient = {});

}  // namespace carousel
