// The equations are those of the reference, reference/lstm.cpp, a pack of units at a time.

#include "kernels/lstm.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/math.h"
#include "kernels/avx2/recurrence.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

template <class Real>
void step(const LstmForward<Real>& a, const Place& p, const Real* zeros, const Gates<Real>& gates) {
  using P = Pack<Real>;
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p);
  const Real* const c_before = before(r, a.c, a.c0, zeros, p);
  for_packs<Real>(0, r.DH, [&](std::int64_t j, auto part) {
    const auto [i, f, z, o] = gates(j, part);
    const P c = fma(sigmoid(f), P::load(c_before + j, part), sigmoid(i) * tanh(z));
    c.store(a.c + at + j, part);
    (sigmoid(o) * tanh(c)).store(r.h + at + j, part);
  });
}

// dh and dc, (DH): the gradients of h and c on their way back through time.
template <class Real>
void step_back(const LstmBackward<Real>& a, const Place& p, const Real* zeros, const Real* dh,
               Real* dc_carried, const GateGradient<Real>& gate_gradient) {
  using P = Pack<Real>;
  const auto& r = a.recurrence;
  const std::int64_t at = row(r, p);
  const Real* const g = r.gates + 4 * at;
  const Real* const c_before = before(r, a.c, a.c0, zeros, p);
  const P one = 1;
  for_packs<Real>(0, r.DH, [&](std::int64_t j, auto part) {
    const P i = P::load(g + j, part), f = P::load(g + r.DH + j, part);
    const P z = tanh(P::load(g + 2 * r.DH + j, part)), o = P::load(g + 3 * r.DH + j, part);
    const P c_old = P::load(c_before + j, part), tanh_c = tanh(P::load(a.c + at + j, part));
    const P input = sigmoid(i), forget = sigmoid(f), output = sigmoid(o);

    const P dh_j = P::load(dh + j, part) + P::load(r.dh + at + j, part);
    const P dc = fma(dh_j * output, fnma(tanh_c, tanh_c, one), P::load(dc_carried + j, part));
    gate_gradient(j, part,
                  {dc * z * input * sigmoid(-i), dc * c_old * forget * sigmoid(-f),
                   dc * input * fnma(z, z, one), dh_j * tanh_c * output * sigmoid(-o)});
    (forget * dc).store(dc_carried + j, part);
  });
  if (c_before == zeros) std::fill_n(dc_carried, r.DH, Real{0});
}

}  // namespace

template <class Real>
void lstm_forward(const LstmForward<Real>& a) {
  const auto& r = a.recurrence;
  const std::vector<Real> zeros(static_cast<std::size_t>(r.DH));
  forward_steps(r,
                [&](const Place& p, const Gates<Real>& gates) { step(a, p, zeros.data(), gates); });
  copy_last(r, r.h, r.h_last);
  copy_last(r, a.c, a.c_last);
}

template <class Real>
void lstm_backward(const LstmBackward<Real>& a) {
  const auto& r = a.recurrence;
  const std::vector<Real> zeros(static_cast<std::size_t>(r.DH));
  std::vector<Real> dc(a.dc_last, a.dc_last + r.B * r.NH * r.DH);
  backward_steps(r, [&](const Place& p, const Real* dh, const GateGradient<Real>& gate_gradient) {
    step_back(a, p, zeros.data(), dh, dc.data() + state_row(r, p), gate_gradient);
  });
  add_state_gradient(dc, a.dc0);
}

template void lstm_forward(const LstmForward<float>&);
template void lstm_forward(const LstmForward<double>&);
template void lstm_backward(const LstmBackward<float>&);
template void lstm_backward(const LstmBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
