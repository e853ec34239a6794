// GatedFeedForward: [gate | up] = proj_up(x), y = proj_down(act(gate) ⊙ up).
#pragma once

#include "nn/call_options.h"
#include "nn/config.h"
#include "nn/linear.h"

namespace carousel {

template <class Real>
struct GatedFeedForward {
  Linear<Real> proj_up;    // (2U, d)  rows 0 … U − 1: gate
  Linear<Real> proj_down;  // (d, U)
  Activation act_fn;
  double dropout;

  GatedFeedForward(const Init& init, const ModelConfig& model, const FeedForwardConfig& config);

  // x (…, d) → (…, d)
  Var<Real> operator()(const Var<Real>& x, const CallOptions& options) const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("proj_up", proj_up);
    v("proj_down", proj_down);
  }
};

}  // namespace carousel
