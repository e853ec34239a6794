// mLSTM cell (Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory", section 2.3) in three
// forms that compute the same: step by step, all pairs of positions, chunk by chunk.
#pragma once

#include <cstdint>

#include "core/bf16.h"

namespace carousel {

// What every form computes from, forward and backward.
//
// A state is fresh at the start when there is no initial state, and wherever reset says so: nothing
// is carried into that step, as if m were -inf.
template <class Real>
struct MlstmInputs {
  const Real* q;              // (B, S, NH, DHqk)
  const Real* k;              // (B, S, NH, DHqk)
  const Real* v;              // (B, S, NH, DHv)
  const Wide<Real>* i;        // (B, S, NH)   pre-activations of the gates
  const Wide<Real>* f;        // (B, S, NH)
  const Wide<Real>* c0;       // (B, NH, DHqk, DHv)   initial state; c0, n0, m0 are null together
  const Wide<Real>* n0;       // (B, NH, DHqk)
  const Wide<Real>* m0;       // (B, NH)
  const std::int32_t* reset;  // (B, S)   nonzero: the state is fresh at this step; null: nowhere
  std::int64_t B, S, NH, DHqk, DHv;
  std::int64_t chunk_size;  // L; any S goes with any L
  double eps;
  double query_scale, key_scale;  // one is 1 / sqrt(DHqk), the other 1; the state holds scaled keys
};

template <class Real>
struct MlstmForward {
  MlstmInputs<Real> in;
  Real* h;          // (B, S, NH, DHv)
  Wide<Real>* den;  // (B, S, NH)            n·q, for backward
  Wide<Real>* c;    // (B, NH, DHqk, DHv)    final state; in the recurrent form c, n may be c0, n0
  Wide<Real>* n;    // (B, NH, DHqk)
  Wide<Real>* m;    // (B, NH)
  Wide<Real>* chunk_c;  // (B, NH, ceil(S / L) - 1, DHqk, DHv)  state before every chunk but the
  Wide<Real>* chunk_n;  // (B, NH, ceil(S / L) - 1, DHqk)       first, for backward; null: not
                        // wanted. The parallel form has no use for it and leaves it alone.
};

// Backward kernels add into dq … dm0; a null pointer means "not wanted".
template <class Real>
struct MlstmBackward {
  MlstmInputs<Real> in;
  const Real* dh;             // (B, S, NH, DHv)
  const Wide<Real>* dc;       // (B, NH, DHqk, DHv)
  const Wide<Real>* dn;       // (B, NH, DHqk)
  const Wide<Real>* dm;       // (B, NH)
  const Real* h;              // (B, S, NH, DHv)     from forward, as are the next three
  const Wide<Real>* den;      // (B, S, NH)
  const Wide<Real>* chunk_c;  // (B, NH, ceil(S / L) - 1, DHqk, DHv)
  const Wide<Real>* chunk_n;  // (B, NH, ceil(S / L) - 1, DHqk)
  Real* dq;                   // (B, S, NH, DHqk)    +=
  Real* dk;                   // (B, S, NH, DHqk)    +=
  Real* dv;                   // (B, S, NH, DHv)     +=
  Wide<Real>* di;             // (B, S, NH)          +=
  Wide<Real>* df;             // (B, S, NH)          +=
  Wide<Real>* dc0;            // (B, NH, DHqk, DHv)  +=
  Wide<Real>* dn0;            // (B, NH, DHqk)       +=
  Wide<Real>* dm0;            // (B, NH)             +=
};

}  // namespace carousel
