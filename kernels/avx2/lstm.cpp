// The equations are those of the reference, reference/lstm.cpp, a pack of units at a time.

#include "kernels/lstm.h"

#include "kernels/avx2/avx2.h"
#include "kernels/avx2/math.h"
#include "kernels/avx2/recurrence.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::avx2 {

namespace {

template <class P>
std::array<P, 4> activate(const std::array<P, 4>& g) {
  return {sigmoid(g[0]), sigmoid(g[1]), tanh(g[2]), sigmoid(g[3])};
}

// active, (4·DH): σ(i), σ(f), tanh z, σ(o).
template <class Real>
void step(const LstmForward<Real>& a, const Place& p, const Real* zeros, const Real* active) {
  using P = Pack<Real>;
  const std::int64_t at = row(a.recurrence, p), DH = a.recurrence.DH;
  const Real* const c_before = before(a.recurrence, a.c, a.c0, zeros, p);
  Real *const cs = a.c + at, *const hs = a.recurrence.h + at;
  for_packs<Real>(0, DH, [=](std::int64_t j, auto part) {
    const P input = P::load(active + j, part), forget = P::load(active + DH + j, part);
    const P z = P::load(active + 2 * DH + j, part), output = P::load(active + 3 * DH + j, part);
    const P c = fma(forget, P::load(c_before + j, part), input * z);
    c.store(cs + j, part);
    (output * tanh(c)).store(hs + j, part);
  });
}

// dh and dc, (DH): the gradients of h and c on their way back through time.
template <class Real>
void step_back(const LstmBackward<Real>& a, const Place& p, const Real* zeros, const Real* dh,
               Real* dc, Real* dgates) {
  using P = Pack<Real>;
  const std::int64_t at = row(a.recurrence, p), DH = a.recurrence.DH;
  const Real *const g = a.recurrence.gates + 4 * at, *const upstream = a.recurrence.dh + at;
  const Real *const c_before = before(a.recurrence, a.c, a.c0, zeros, p), *const cs = a.c + at;
  for_packs<Real>(0, DH, [=](std::int64_t j, auto part) {
    const P one = 1, z = tanh(P::load(g + 2 * DH + j, part)), c_old = P::load(c_before + j, part);
    const auto input = sigmoids(P::load(g + j, part));
    const auto forget = sigmoids(P::load(g + DH + j, part));
    const auto output = sigmoids(P::load(g + 3 * DH + j, part));
    const P tanh_c = tanh(P::load(cs + j, part));

    const P dh_j = (P::load(dh + j, part) + P::load(upstream + j, part)) * output.at;
    const P dc_j = fma(dh_j, fnma(tanh_c, tanh_c, one), P::load(dc + j, part));
    const P dc_input = dc_j * input.at, dc_before = dc_j * forget.at;
    (dc_input * z * input.opposite).store(dgates + j, part);
    (dc_before * c_old * forget.opposite).store(dgates + DH + j, part);
    (dc_input * fnma(z, z, one)).store(dgates + 2 * DH + j, part);
    (dh_j * tanh_c * output.opposite).store(dgates + 3 * DH + j, part);
    dc_before.store(dc + j, part);
  });
  if (c_before == zeros) std::fill_n(dc, DH, Real{0});
}

}  // namespace

template <class Real>
void lstm_forward(const LstmForward<Real>& a) {
  const auto& r = a.recurrence;
  const std::vector<Real> zeros(static_cast<std::size_t>(r.DH));
  forward_steps(
      r, {a.c}, [](const auto& g) { return activate(g); },
      [&](const Place& p, const Real* active) { step(a, p, zeros.data(), active); });
  copy_last(r, r.h, r.h_last);
  copy_last(r, a.c, a.c_last);
}

template <class Real>
void lstm_backward(const LstmBackward<Real>& a) {
  const auto& r = a.recurrence;
  const std::vector<Real> zeros(static_cast<std::size_t>(r.DH));
  std::vector<Real> dc(a.dc_last, a.dc_last + r.B * r.NH * r.DH);
  backward_steps(r, {a.c}, [&](const Place& p, const Real* dh, Real* dgates) {
    step_back(a, p, zeros.data(), dh, dc.data() + state_row(r, p), dgates);
  });
  add_state_gradient(dc, a.dc0);
}

template void lstm_forward(const LstmForward<float>&);
template void lstm_forward(const LstmForward<double>&);
template void lstm_backward(const LstmBackward<float>&);
template void lstm_backward(const LstmBackward<double>&);

}  // namespace carousel::avx2

CAROUSEL_AVX2_END
