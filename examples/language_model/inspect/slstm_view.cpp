#include "examples/language_model/inspect/cell_view.h"
#include "examples/language_model/inspect/per_head.h"
#include "ops/block_diagonal.h"

namespace carousel::program {

namespace {

// The gates' pre-activations W x + R h + b of one step: (4, NH·DH), order i, f, z, o.
template <class Real>
class Gates {
 public:
  Gates(const SlstmLayer<Real>& layer, const Var<Real>& x, const BlockState<Real>& before)
      : units_(x.numel()), values_(Tensor<double>::zeros({4, units_})) {
    const auto in = layer.inputs(x, before.conv, {});
    for (std::int64_t gate = 0; gate < 4; ++gate) {
      add(gate, in.gates[static_cast<std::size_t>(gate)].data());
    }
    const RecurrentWeights<Real>& weights =
        std::visit([](const auto& cell) -> const RecurrentWeights<Real>& { return cell.weights; },
                   layer.slstm_cell);
    for (std::int64_t gate = 0; gate < 4; ++gate) add(gate, weights.bias.data() + gate * units_);
    if (!before.cell.empty()) add_recurrent(weights, before.cell[0].value, layer.heads);
  }

  double i(std::int64_t unit) const { return values_.data()[unit]; }
  double f(std::int64_t unit) const { return values_.data()[units_ + unit]; }
  double o(std::int64_t unit) const { return values_.data()[3 * units_ + unit]; }

 private:
  void add(std::int64_t gate, const Real* from) {
    double* const to = values_.mutable_data() + gate * units_;
    for (std::int64_t unit = 0; unit < units_; ++unit) to[unit] += static_cast<double>(from[unit]);
  }

  // R h: per head a block-diagonal map from DH to 4·DH.
  void add_recurrent(const RecurrentWeights<Real>& weights, const Tensor<Real>& h,
                     std::int64_t heads) {
    const auto product =
        block_diagonal(Var<Real>(h.reshape({1, 1, units_})), weights.recurrent, {});
    const std::int64_t DH = units_ / heads;
    for (std::int64_t head = 0; head < heads; ++head) {
      for (std::int64_t gate = 0; gate < 4; ++gate) {
        const Real* const from = product.data() + (head * 4 + gate) * DH;
        double* const to = values_.mutable_data() + gate * units_ + head * DH;
        for (std::int64_t unit = 0; unit < DH; ++unit) to[unit] += static_cast<double>(from[unit]);
      }
    }
  }

  std::int64_t units_;
  Tensor<double> values_;
};

// From a zero n a unit is fresh: m_t = ĩ, and f′ = 0 says that there is nothing to forget.
template <class Real>
double forget_stable(double log_f, std::int64_t unit, const BlockState<Real>& before, double m) {
  if (before.cell.empty() || before.cell[2].data()[unit] == 0) return 0;
  return std::exp(log_f + before.cell[3].data()[unit] - m);
}

}  // namespace

//   i′ = e^(ĩ − m_t)   f′ = e^(log f + m_(t−1) − m_t)
template <class Real>
HeadValues view(const SlstmLayer<Real>& layer, const Var<Real>& x, const BlockState<Real>& before,
                const BlockState<Real>& after) {
  const std::int64_t NH = layer.heads, DH = x.numel() / NH;
  const Gates<Real> gates(layer, x, before);
  const auto mean = [&](const auto& function) { return means(NH, DH, function); };
  const auto output = mean([&](std::int64_t u) { return sigmoid(gates.o(u)); });
  const Tensor<Real>&h = after.cell[0].value, &c = after.cell[1].value;

  const auto* const cell = std::get_if<SlstmCell<Real>>(&layer.slstm_cell);
  if (cell == nullptr) {
    return {{"input", mean([&](std::int64_t u) { return sigmoid(gates.i(u)); })},
            {"forget", mean([&](std::int64_t u) { return sigmoid(gates.f(u)); })},
            {"output", output},
            {"cell", norms(NH, c)},
            {"hidden", norms(NH, h)}};
  }
  const Real *const n = after.cell[2].data(), *const m = after.cell[3].data();
  const bool exponential = cell->options.forget_gate == ForgetGate::exponential;
  const auto log_f = [&](std::int64_t u) {
    return exponential ? gates.f(u) : log_sigmoid(gates.f(u));
  };
  return {{"input_log", mean([&](std::int64_t u) { return gates.i(u); })},
          {"forget", mean([&](std::int64_t u) { return std::exp(log_f(u)); })},
          {"output", output},
          {"input_stable", mean([&](std::int64_t u) { return std::exp(gates.i(u) - m[u]); })},
          {"forget_stable",
           mean([&](std::int64_t u) { return forget_stable(log_f(u), u, before, m[u]); })},
          {"m", mean([&](std::int64_t u) { return static_cast<double>(m[u]); })},
          {"n", mean([&](std::int64_t u) { return static_cast<double>(n[u]); })},
          {"cell", norms(NH, c)},
          {"hidden", norms(NH, h)}};
}

template <class Real>
std::string kind(const Block<Real>& block) {
  const auto* const layer = std::get_if<SlstmLayer<Real>>(&block.xlstm);
  if (layer == nullptr) return "mlstm";
  return std::holds_alternative<SlstmCell<Real>>(layer->slstm_cell) ? "slstm" : "lstm";
}

template HeadValues view(const SlstmLayer<float>&, const Var<float>&, const BlockState<float>&,
                         const BlockState<float>&);
template HeadValues view(const SlstmLayer<double>&, const Var<double>&, const BlockState<double>&,
                         const BlockState<double>&);
template std::string kind(const Block<float>&);
template std::string kind(const Block<double>&);

}  // namespace carousel::program
