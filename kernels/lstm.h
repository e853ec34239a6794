// The LSTM cell (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000) with the sLSTM's
// memory mixing inside each head.
#pragma once

#include "kernels/recurrence.h"

namespace carousel {

template <class Real>
struct LstmForward {
  RecurrenceForward<Real> recurrence;
  const Real* c0;  // (B, NH, DH)     null: zeros
  Real* c;         // (B, S, NH, DH)
  Real* c_last;    // (B, NH, DH)
};

// Adds into dc0; a null pointer means "not wanted".
template <class Real>
struct LstmBackward {
  RecurrenceBackward<Real> recurrence;
  const Real* dc_last;  // (B, NH, DH)
  const Real* c0;       // (B, NH, DH)
  const Real* c;        // (B, S, NH, DH)
  Real* dc0;            // (B, NH, DH)  +=
};

}  // namespace carousel
