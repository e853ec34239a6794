// Random arguments of the recurrent cells. The arguments of a backward kernel come from a run of
// the forward kernel of the reference in double.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/kernels.h"
#include "kernels/reference/reference.h"
#include "tests/kernels/trial.h"

namespace carousel {

// Sizes of batch, sequence, heads and head. One time in sixteen heads that take a cluster of 2, 4
// or 8 blocks on a GPU, or fit into none.
template <class Real>
std::array<std::int64_t, 4> draw_heads(Trial<Real>& t) {
  if (t.choice(16) > 0) {
    const auto B = t.size(8), S = t.size(10), NH = 1 + t.choice(4);
    return {B, S, NH, t.size(24)};
  }
  constexpr std::array<std::int64_t, 4> large{131, 200, 301, 352};
  const auto B = 1 + t.choice(10), S = 1 + t.choice(4), NH = 1 + t.choice(2);
  return {B, S, NH, large[static_cast<std::size_t>(t.choice(4))]};
}

template <class Real>
void draw(Trial<Real>& t, RecurrenceForward<Real>& a) {
  const auto [B, S, NH, DH] = draw_heads(t);
  const auto steps = B * S * NH * DH, state = B * NH * DH;
  const double spread = 0.7 / std::sqrt(static_cast<double>(DH));
  a = {.x = {t.input(steps), t.input(steps, 1, 1), t.input(steps), t.input(steps)},
       .recurrent = t.input(NH * 4 * DH * DH, spread),
       .bias = t.input(4 * NH * DH),
       .h0 = t.optional(state, 0.5),
       .reset = t.resets(B * S),
       .gates = t.output(4 * steps),
       .h = t.output(steps),
       .h_last = t.output(state),
       .B = B,
       .S = S,
       .NH = NH,
       .DH = DH};
}

// Four gradients of the inputs, or one where the four inputs are one.
template <class Real>
std::array<Real*, 4> draw_input_gradients(Trial<Real>& t, std::int64_t n) {
  if (t.choice(4) > 0) return {t.wanted(n), t.wanted(n), t.wanted(n), t.wanted(n)};
  Real* const all = t.sum(n);
  return {all, all, all, all};
}

template <class Real>
RecurrenceBackward<Real> draw_backward(Trial<Real>& t, const RecurrenceForward<double>& forward) {
  const auto B = forward.B, S = forward.S, NH = forward.NH, DH = forward.DH;
  const auto steps = B * S * NH * DH, state = B * NH * DH;
  return {.dh = t.input(steps),
          .dh_last = t.input(state),
          .recurrent = t.rounded(forward.recurrent, NH * 4 * DH * DH),
          .h0 = t.rounded(forward.h0, state),
          .reset = t.copied(forward.reset, B * S),
          .gates = t.rounded(forward.gates, 4 * steps),
          .h = t.rounded(forward.h, steps),
          .dgates = t.workspace(4 * steps),
          .dx = draw_input_gradients(t, steps),
          .drecurrent = t.wanted(NH * 4 * DH * DH),
          .dbias = t.wanted(4 * NH * DH),
          .dh0 = forward.h0 == nullptr ? nullptr : t.wanted(state),
          .B = B,
          .S = S,
          .NH = NH,
          .DH = DH,
          .gradient = {.cut = t.choice(4) == 0, .clip = t.choice(4) == 0 ? 0.5 : 0.0}};
}

template <class Real>
void draw(Trial<Real>& t, LstmForward<Real>& a) {
  RecurrenceForward<Real> r;
  draw(t, r);
  const auto steps = r.B * r.S * r.NH * r.DH, state = r.B * r.NH * r.DH;
  a = {.recurrence = r, .c0 = t.optional(state), .c = t.output(steps), .c_last = t.output(state)};
}

template <class Real>
void draw(Trial<Real>& t, LstmBackward<Real>& a) {
  LstmForward<double> forward;
  auto& before = t.earlier();
  draw(before, forward);
  reference::lstm_forward(forward);
  const auto& r = forward.recurrence;
  const auto steps = r.B * r.S * r.NH * r.DH, state = r.B * r.NH * r.DH;
  a = {.recurrence = draw_backward(t, r),
       .dc_last = t.input(state),
       .c0 = t.rounded(forward.c0, state),
       .c = t.rounded(forward.c, steps),
       .dc0 = forward.c0 == nullptr ? nullptr : t.wanted(state)};
}

template <class Real>
void draw(Trial<Real>& t, SlstmForward<Real>& a) {
  RecurrenceForward<Real> r;
  draw(t, r);
  const auto steps = r.B * r.S * r.NH * r.DH, state = r.B * r.NH * r.DH;
  const bool from_state = t.flip();  // a cell without its normaliser means nothing
  a = {.recurrence = r,
       .c0 = from_state ? t.input(state) : nullptr,
       .n0 = from_state ? t.input(state, 0.2, 1.5) : nullptr,  // positive
       .m0 = t.optional(state),
       .c = t.output(steps),
       .n = t.output(steps),
       .m = t.output(steps),
       .c_last = t.output(state),
       .n_last = t.output(state),
       .m_last = t.output(state),
       .forget_gate = t.flip() ? ForgetGate::sigmoid : ForgetGate::exponential};
}

template <class Real>
void draw(Trial<Real>& t, SlstmBackward<Real>& a) {
  SlstmForward<double> forward;
  auto& before = t.earlier();
  draw(before, forward);
  reference::slstm_forward(forward);
  const auto& r = forward.recurrence;
  const auto steps = r.B * r.S * r.NH * r.DH, state = r.B * r.NH * r.DH;
  a = {.recurrence = draw_backward(t, r),
       .dc_last = t.input(state),
       .dn_last = t.input(state),
       .dm_last = t.input(state),
       .c0 = t.rounded(forward.c0, state),
       .n0 = t.rounded(forward.n0, state),
       .m0 = t.rounded(forward.m0, state),
       .c = t.rounded(forward.c, steps),
       .n = t.rounded(forward.n, steps),
       .m = t.rounded(forward.m, steps),
       .dc0 = forward.c0 == nullptr ? nullptr : t.wanted(state),
       .dn0 = forward.n0 == nullptr ? nullptr : t.wanted(state),
       .dm0 = forward.m0 == nullptr ? nullptr : t.wanted(state),
       .forget_gate = forward.forget_gate};
}

// The number of states that forward saves for backward.
template <class Real>
std::int64_t saved_states(const MlstmInputs<Real>& in) {
  return in.B * in.NH * ((in.S - 1) / in.chunk_size);
}

template <class Real>
void draw(Trial<Real>& t, MlstmInputs<Real>& a) {
  const auto B = 1 + t.choice(3), S = t.size(40), NH = 1 + t.choice(3);
  const auto DHqk = t.size(32), DHv = t.size(32), rows = B * S * NH, heads = B * NH;
  const bool state = t.flip(), scale_query = t.flip();
  const double scale = 1 / std::sqrt(static_cast<double>(DHqk));
  a = {.q = t.input(rows * DHqk),
       .k = t.input(rows * DHqk),
       .v = t.input(rows * DHv),
       .i = t.wide().input(rows),
       .f = t.wide().input(rows, 1, 2),
       .c0 = state ? t.wide().input(heads * DHqk * DHv) : nullptr,
       .n0 = state ? t.wide().input(heads * DHqk) : nullptr,
       .m0 = state ? t.wide().input(heads) : nullptr,
       .reset = t.resets(B * S),
       .B = B,
       .S = S,
       .NH = NH,
       .DHqk = DHqk,
       .DHv = DHv,
       .chunk_size = t.size(24),
       .eps = t.flip() ? 1e-6 : 0,
       .query_scale = scale_query ? scale : 1,
       .key_scale = scale_query ? 1 : scale};
}

template <class Real>
void draw(Trial<Real>& t, MlstmForward<Real>& a) {
  MlstmInputs<Real> in;
  draw(t, in);
  const auto rows = in.B * in.S * in.NH, heads = in.B * in.NH, saved = saved_states(in);
  const bool save = t.flip();
  a = {.in = in,
       .h = t.output(rows * in.DHv),
       .den = t.wide().output(rows),
       .c = t.wide().output(heads * in.DHqk * in.DHv),
       .n = t.wide().output(heads * in.DHqk),
       .m = t.wide().output(heads),
       // Sums, since the parallel form leaves them alone.
       .chunk_c = save ? t.wide().sum(saved * in.DHqk * in.DHv) : nullptr,
       .chunk_n = save ? t.wide().sum(saved * in.DHqk) : nullptr};
}

template <class Real>
MlstmInputs<Real> rounded(Trial<Real>& t, const MlstmInputs<double>& in) {
  const auto rows = in.B * in.S * in.NH, heads = in.B * in.NH;
  return {.q = t.rounded(in.q, rows * in.DHqk),
          .k = t.rounded(in.k, rows * in.DHqk),
          .v = t.rounded(in.v, rows * in.DHv),
          .i = t.wide().rounded(in.i, rows),
          .f = t.wide().rounded(in.f, rows),
          .c0 = t.wide().rounded(in.c0, heads * in.DHqk * in.DHv),
          .n0 = t.wide().rounded(in.n0, heads * in.DHqk),
          .m0 = t.wide().rounded(in.m0, heads),
          .reset = t.copied(in.reset, in.B * in.S),
          .B = in.B,
          .S = in.S,
          .NH = in.NH,
          .DHqk = in.DHqk,
          .DHv = in.DHv,
          .chunk_size = in.chunk_size,
          .eps = in.eps,
          .query_scale = in.query_scale,
          .key_scale = in.key_scale};
}

template <class Real>
void draw(Trial<Real>& t, MlstmBackward<Real>& a) {
  MlstmForward<double> forward;
  auto& before = t.earlier();
  draw(before, forward.in);
  const auto& in = forward.in;
  const auto rows = in.B * in.S * in.NH, heads = in.B * in.NH, saved = saved_states(in);
  forward.h = before.output(rows * in.DHv);
  forward.den = before.output(rows);
  forward.c = before.output(heads * in.DHqk * in.DHv);
  forward.n = before.output(heads * in.DHqk);
  forward.m = before.output(heads);
  forward.chunk_c = before.output(saved * in.DHqk * in.DHv);
  forward.chunk_n = before.output(saved * in.DHqk);
  reference::mlstm_recurrent_forward(forward);
  const bool state = in.c0 != nullptr;
  a = {.in = rounded(t, in),
       .dh = t.input(rows * in.DHv),
       .dc = t.wide().input(heads * in.DHqk * in.DHv),
       .dn = t.wide().input(heads * in.DHqk),
       .dm = t.wide().input(heads),
       .h = t.rounded(forward.h, rows * in.DHv),
       .den = t.wide().rounded(forward.den, rows),
       .chunk_c = t.wide().rounded(forward.chunk_c, saved * in.DHqk * in.DHv),
       .chunk_n = t.wide().rounded(forward.chunk_n, saved * in.DHqk),
       .dq = t.wanted(rows * in.DHqk),
       .dk = t.wanted(rows * in.DHqk),
       .dv = t.wanted(rows * in.DHv),
       .di = t.wide().wanted(rows),
       .df = t.wide().wanted(rows),
       .dc0 = state ? t.wide().wanted(heads * in.DHqk * in.DHv) : nullptr,
       .dn0 = state ? t.wide().wanted(heads * in.DHqk) : nullptr,
       .dm0 = state ? t.wide().wanted(heads) : nullptr};
}

}  // namespace carousel
