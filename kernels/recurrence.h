// What the recurrent cells slstm and lstm share: four gates that mix the memory inside each head,
//
//   g_t = x_t + R h_{t−1} + b        for g in i, f, z, o
//
// and the way the gradient takes back through R (xLSTM paper, arXiv 2405.04517, section 2.2).
#pragma once

#include <array>
#include <cstdint>

namespace carousel {

// Departures from the true gradient along the recurrent path dh_{t−1} = Rᵀ dg_t, as training aids.
// The gradients of R and b are the usual sums over whatever dg results.
struct RecurrentGradient {
  bool cut = false;  // Rᵀ dg is dropped
  double clip = 0;   // above 0: Rᵀ dg is clamped to [−clip, clip], element by element
};

template <class Real>
struct RecurrenceForward {
  std::array<const Real*, 4> x;  // (B, S, NH, DH) each: i, f, z, o before R h and b
  const Real* recurrent;         // (NH, 4·DH, DH)  R[head, gate·DH + out, in]
  const Real* bias;              // (4, NH, DH)
  const Real* h0;                // (B, NH, DH)     null: zeros
  const std::int32_t* reset;     // (B, S)          nonzero: the state before this step is zero
  Real* gates;                   // (B, S, NH, 4·DH)  g, which backward needs
  Real* h;                       // (B, S, NH, DH)
  Real* h_last;                  // (B, NH, DH)
  std::int64_t B, S, NH, DH;
};

// Adds into dx, drecurrent, dbias, dh0; a null pointer means "not wanted".
template <class Real>
struct RecurrenceBackward {
  const Real* dh;             // (B, S, NH, DH)
  const Real* dh_last;        // (B, NH, DH)
  const Real* recurrent;      // (NH, 4·DH, DH)
  const Real* h0;             // (B, NH, DH)
  const std::int32_t* reset;  // (B, S)
  const Real* gates;          // (B, S, NH, 4·DH)
  const Real* h;              // (B, S, NH, DH)
  Real* dgates;               // (B, S, NH, 4·DH)  workspace
  std::array<Real*, 4> dx;    // (B, S, NH, DH) each  +=
  Real* drecurrent;           // (NH, 4·DH, DH)       +=
  Real* dbias;                // (4, NH, DH)          +=
  Real* dh0;                  // (B, NH, DH)          +=
  std::int64_t B, S, NH, DH;
  RecurrentGradient gradient;
};

}  // namespace carousel
