// The sLSTM cell (xLSTM paper, arXiv 2405.04517, section 2.2): exponential gates, stabilised in the
// log domain, and memory mixing inside each head.
#pragma once

#include <cstdint>

#include "kernels/recurrence.h"

namespace carousel {

enum class ForgetGate { sigmoid, exponential };

template <class Real>
struct SlstmForward {
  RecurrenceForward<Real> recurrence;
  const Real* c0;  // (B, NH, DH)     null: zeros
  const Real* n0;  // (B, NH, DH)     null: zeros
  const Real* m0;  // (B, NH, DH)     null: zeros
  Real* c;         // (B, S, NH, DH)  cell
  Real* n;         // (B, S, NH, DH)  normaliser
  Real* m;         // (B, S, NH, DH)  stabiliser, in the log domain
  Real* c_last;    // (B, NH, DH)
  Real* n_last;    // (B, NH, DH)
  Real* m_last;    // (B, NH, DH)
  ForgetGate forget_gate;
};

// Adds into dc0, dn0, dm0; a null pointer means "not wanted".
template <class Real>
struct SlstmBackward {
  RecurrenceBackward<Real> recurrence;
  const Real* dc_last;  // (B, NH, DH)
  const Real* dn_last;  // (B, NH, DH)
  const Real* dm_last;  // (B, NH, DH)
  const Real* c0;       // (B, NH, DH)
  const Real* n0;       // (B, NH, DH)
  const Real* m0;       // (B, NH, DH)
  const Real* c;        // (B, S, NH, DH)
  const Real* n;        // (B, S, NH, DH)
  const Real* m;        // (B, S, NH, DH)
  Real* dc0;            // (B, NH, DH)  +=
  Real* dn0;            // (B, NH, DH)  +=
  Real* dm0;            // (B, NH, DH)  +=
  ForgetGate forget_gate;
};

}  // namespace carousel
