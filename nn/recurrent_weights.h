// RecurrentWeights: what the sLSTM and the LSTM cell learn, the recurrent matrices and the bias.
#pragma once

#include "nn/config.h"
#include "nn/init.h"

namespace carousel {

template <class Real>
struct RecurrentWeights {
  Var<Real> recurrent;  // (NH, 4·DH, DH): [head, gate·DH + out, in], gates i, f, z, o
  Var<Real> bias;       // (4·d): [gate, head, unit]

  RecurrentWeights(const Init& init, const ModelConfig& model, const SlstmLayerConfig& config,
                   std::int64_t block);

  // The bias as the cells take it, (4, NH, DH).
  Var<Real> bias_by_gate() const;

  template <class Visitor>
  void visit(Visitor&& v) const {
    v("_recurrent_kernel_", recurrent);
    v("_bias_", bias);
  }
};

}  // namespace carousel
