#include <array>
#include <limits>

#include "examples/language_model/inspect/cell_view.h"
#include "examples/language_model/inspect/per_head.h"

namespace carousel::program {

namespace {

// |n·q| of each head. n, q: NH·DH elements, head by head.
template <class Real>
std::vector<double> dots(std::int64_t heads, const Tensor<Real>& n, const Tensor<Real>& q) {
  const std::int64_t size = n.numel() / heads;
  auto result = means(heads, size, [&](std::int64_t i) {
    return static_cast<double>(n.data()[i]) * static_cast<double>(q.data()[i]);
  });
  for (double& x : result) x = std::abs(x * static_cast<double>(size));
  return result;
}

}  // namespace

//   i′ = e^(ĩ − m_t)   f′ = e^(log σ(f̃) + m_(t−1) − m_t), where m of a fresh state is −∞
template <class Real>
HeadValues view(const MlstmLayer<Real>& layer, const Var<Real>& x, const BlockState<Real>& before,
                const BlockState<Real>& after) {
  const auto NH = layer.mlstm_cell.outnorm.heads;
  const auto in = layer.inputs(x, before.conv, {});
  const auto [i, f] = layer.mlstm_cell.gates(in.q, in.k, in.v);
  const Tensor<Real>&c = after.cell[0].value, &n = after.cell[1].value, &m = after.cell[2].value;
  const double fresh = -std::numeric_limits<double>::infinity();

  HeadValues values{
      {"input_log", {}}, {"forget", {}}, {"input_stable", {}}, {"forget_stable", {}}, {"m", {}}};
  for (std::int64_t h = 0; h < NH; ++h) {
    const double i_h = i.data()[h], f_h = f.data()[h], m_h = m.data()[h];
    const double m_before = before.cell.empty() ? fresh : before.cell[2].data()[h];
    const std::array all{i_h, sigmoid(f_h), std::exp(i_h - m_h),
                         std::exp(log_sigmoid(f_h) + m_before - m_h), m_h};
    for (std::size_t k = 0; k < all.size(); ++k) values[k].second.push_back(all[k]);
  }
  auto normaliser = dots(NH, n, in.q.value);
  for (std::int64_t h = 0; h < NH; ++h) {
    double& value = normaliser[static_cast<std::size_t>(h)];
    value = std::max(value, std::exp(-static_cast<double>(m.data()[h])));
  }
  values.emplace_back("output", means(NH, in.z.numel() / NH, [&](std::int64_t unit) {
                        const double z = in.z.data()[unit];
                        return z * sigmoid(z);
                      }));
  values.emplace_back("n", norms(NH, n));
  values.emplace_back("normaliser", std::move(normaliser));
  values.emplace_back("memory", norms(NH, c));
  return values;
}

template HeadValues view(const MlstmLayer<float>&, const Var<float>&, const BlockState<float>&,
                         const BlockState<float>&);
template HeadValues view(const MlstmLayer<double>&, const Var<double>&, const BlockState<double>&,
                         const BlockState<double>&);

}  // namespace carousel::program
