#include "ops/recurrence.h"

namespace carousel {

namespace {

constexpr std::array<const char*, 4> gate_names{"i", "f", "z", "o"};

}  // namespace

template <class Real>
Recurrence<Real>::Recurrence(const char* op, const std::array<Var<Real>, 4>& x,
                             const Var<Real>& recurrent_, const Var<Real>& bias,
                             const Var<Real>& h0_, const Tensor<std::int32_t>& reset_,
                             const RecurrentGradient& gradient_)
    : gradient(gradient_),
      recurrent(recurrent_.value),
      h0(h0_.value),
      reset(reset_.to(x[0].device())),
      drecurrent(recurrent_.grad),
      dbias(bias.grad),
      dh0(h0_.grad) {
  const Shape& shape = x[0].shape();
  CAROUSEL_CHECK(x[0].defined() && shape.rank() == 4,
                 "{}: i has shape {}, want four axes: (B, S, NH, DH)", op, shape);
  B = shape[0], S = shape[1], NH = shape[2], DH = shape[3];
  CAROUSEL_CHECK(S >= 1 && NH >= 1 && DH >= 1,
                 "{}: i has shape {}, want at least one step, head and unit", op, shape);
  for (std::size_t gate = 0; gate < x.size(); ++gate) {
    CAROUSEL_CHECK(x[gate].defined() && x[gate].shape() == shape, "{}: {} has shape {}, want {}",
                   op, gate_names[gate], x[gate].shape(), shape);
    dx[gate] = x[gate].grad;
  }
  CAROUSEL_CHECK(recurrent.defined() && recurrent.shape() == Shape({NH, 4 * DH, DH}),
                 "{}: recurrent has shape {}, want [{}, {}, {}]", op, recurrent.shape(), NH, 4 * DH,
                 DH);
  CAROUSEL_CHECK(bias.defined() && bias.shape() == Shape({4, NH, DH}),
                 "{}: bias has shape {}, want [4, {}, {}]", op, bias.shape(), NH, DH);
  CAROUSEL_CHECK(!reset.defined() || reset.shape() == Shape({B, S}),
                 "{}: reset has shape {}, want [{}, {}]", op, reset.shape(), B, S);
  CAROUSEL_CHECK(gradient.clip >= 0, "{}: gradient clip is {}, want 0 or more", op, gradient.clip);
  check_state(op, "h", h0_);
  gates = Tensor<Real>({B, S, NH, 4 * DH}, x[0].device());
  h = Tensor<Real>(steps(), x[0].device());
}

template <class Real>
void Recurrence<Real>::check_state(const char* op, const char* name,
                                   const Var<Real>& initial) const {
  CAROUSEL_CHECK(!initial.defined() || initial.shape() == state(),
                 "{}: initial {} has shape {}, want {}", op, name, initial.shape(), state());
}

template <class Real>
RecurrenceForward<Real> Recurrence<Real>::forward(const std::array<Var<Real>, 4>& x,
                                                  const Var<Real>& bias, Tensor<Real>& h_last) {
  return {
      .x = {x[0].data(), x[1].data(), x[2].data(), x[3].data()},
      .recurrent = recurrent.data(),
      .bias = bias.data(),
      .h0 = h0.data(),
      .reset = reset.data(),
      .gates = gates.mutable_data(),
      .h = h.mutable_data(),
      .h_last = h_last.mutable_data(),
      .B = B,
      .S = S,
      .NH = NH,
      .DH = DH,
  };
}

template <class Real>
RecurrenceBackward<Real> Recurrence<Real>::backward(const Tensor<Real>& dh,
                                                    const Tensor<Real>& dh_last,
                                                    Tensor<Real>& dgates) const {
  return {
      .dh = dh.data(),
      .dh_last = dh_last.data(),
      .recurrent = recurrent.data(),
      .h0 = h0.data(),
      .reset = reset.data(),
      .gates = gates.data(),
      .h = h.data(),
      .dgates = dgates.mutable_data(),
      .dx = {into(dx[0]), into(dx[1]), into(dx[2]), into(dx[3])},
      .drecurrent = into(drecurrent),
      .dbias = into(dbias),
      .dh0 = into(dh0),
      .B = B,
      .S = S,
      .NH = NH,
      .DH = DH,
      .gradient = gradient,
  };
}

template struct Recurrence<float>;
template struct Recurrence<double>;

}  // namespace carousel
