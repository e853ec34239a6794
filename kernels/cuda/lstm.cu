// The equations are those of the reference, reference/lstm.cpp.

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/recurrence_backward.h"
#include "kernels/cuda/recurrence_forward.h"
#include "kernels/lstm.h"
#include "kernels/reference/gates.h"

namespace carousel::cuda {

namespace {

using reference::sigmoid;

// What one unit does; i is its place in (B, NH, DH) for the initial and last states, else in
// (B, S, NH, DH).
template <class RealType>
struct LstmCell {
  using Real = RealType;
  using Forward = LstmForward<Real>;
  using Backward = LstmBackward<Real>;

  struct State {
    Real c;
  };
  struct Saved {
    Gates<Real> g;
    State before;
    Real c;
  };

  template <class Args>
  static __device__ State initial(const Args& a, std::int64_t i) {
    return {a.c0 == nullptr ? Real{0} : a.c0[i]};
  }
  template <class Args>
  static __device__ State stored(const Args& a, std::int64_t i) {
    return {a.c[i]};
  }
  static __device__ void store(const Forward& a, std::int64_t i, const State& s) { a.c[i] = s.c; }
  static __device__ void store_last(const Forward& a, std::int64_t i, const State& s) {
    a.c_last[i] = s.c;
  }

  static __device__ Real step(const Forward&, const Gates<Real>& g, State& s) {
    s.c = sigmoid(g.at[1]) * s.c + sigmoid(g.at[0]) * std::tanh(g.at[2]);
    return sigmoid(g.at[3]) * std::tanh(s.c);
  }

  static __device__ Saved saved(const Backward& a, std::int64_t i, const Gates<Real>& g,
                                const State& before) {
    return {g, before, a.c[i]};
  }
  static __device__ State final_gradient(const Backward& a, std::int64_t i, std::int64_t) {
    return {a.dc_last[i]};
  }
  static __device__ void step_back(const Backward&, const Saved& s, Real dh, State& d,
                                   Gates<Real>& dg) {
    const Real i = s.g.at[0], f = s.g.at[1], z = std::tanh(s.g.at[2]), o = s.g.at[3];
    const Real input = sigmoid(i), forget = sigmoid(f), output = sigmoid(o);
    const Real tanh_c = std::tanh(s.c), dc = d.c + dh * output * (1 - tanh_c * tanh_c);
    dg.at[0] = dc * z * input * sigmoid(-i);
    dg.at[1] = dc * s.before.c * forget * sigmoid(-f);
    dg.at[2] = dc * input * (1 - z * z);
    dg.at[3] = dh * tanh_c * output * sigmoid(-o);
    d.c = forget * dc;
  }
  static __device__ void add_initial(const Backward& a, std::int64_t i, const State& d) {
    if (a.dc0 != nullptr && a.c0 != nullptr) a.dc0[i] += d.c;
  }
};

}  // namespace

template <class Real>
void lstm_forward(const LstmForward<Real>& a) {
  recurrence_forward<LstmCell<Real>>(a);
}

template <class Real>
void lstm_backward(const LstmBackward<Real>& a) {
  recurrence_backward<LstmCell<Real>>(a);
}

template void lstm_forward(const LstmForward<float>&);
template void lstm_forward(const LstmForward<double>&);
template void lstm_backward(const LstmBackward<float>&);
template void lstm_backward(const LstmBackward<double>&);

}  // namespace carousel::cuda
