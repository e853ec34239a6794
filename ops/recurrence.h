// What the ops slstm and lstm share: checking their arguments, keeping what backward needs, and
// filling in the kernels' arguments.
#pragma once

#include <array>

#include "autograd/var.h"
#include "kernels/recurrence.h"

namespace carousel {

template <class Real>
struct Recurrence {
  // x: the pre-activations i, f, z, o. Throws Error in the op's name unless all shapes fit:
  // x (B, S, NH, DH) each, recurrent (NH, 4·DH, DH), bias (4, NH, DH), h0 (B, NH, DH) or undefined,
  // reset (B, S) or undefined.
  Recurrence(const char* op, const std::array<Var<Real>, 4>& x, const Var<Real>& recurrent,
             const Var<Real>& bias, const Var<Real>& h0, const Tensor<std::int32_t>& reset,
             const RecurrentGradient& gradient);

  Shape steps() const { return {B, S, NH, DH}; }  // of what every step has
  Shape state() const { return {B, NH, DH}; }     // of a state

  // Throws Error in the op's name unless the initial state is undefined or fits.
  void check_state(const char* op, const char* name, const Var<Real>& initial) const;

  RecurrenceForward<Real> forward(const std::array<Var<Real>, 4>& x, const Var<Real>& bias,
                                  Tensor<Real>& h_last);
  RecurrenceBackward<Real> backward(const Tensor<Real>& dh, const Tensor<Real>& dh_last,
                                    Tensor<Real>& dgates) const;

  std::int64_t B, S, NH, DH;
  RecurrentGradient gradient;
  Tensor<Real> recurrent, h0, gates, h;  // saved
  Tensor<std::int32_t> reset;            // saved
  std::array<Slot<Real>, 4> dx;          // wanted
  Slot<Real> drecurrent, dbias, dh0;     // wanted
};

}  // namespace carousel
