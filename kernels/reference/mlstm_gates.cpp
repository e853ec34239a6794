#include "kernels/reference/mlstm_gates.h"

#include <algorithm>
#include <cmath>

#include "kernels/reference/gates.h"

namespace carousel::reference {

double mlstm_normaliser(double den, double m, double eps) {
  return std::max(std::abs(den), std::exp(-m)) + eps;
}

bool mlstm_guarded(double den, double m) { return !(std::abs(den) > std::exp(-m)); }

template <class Real>
MlstmStep mlstm_step(const MlstmInputs<Real>& in, std::int64_t task, std::int64_t t,
                     double previous_m) {
  const std::int64_t row = mlstm_row(in, task, t);
  const bool fresh = mlstm_fresh(in, task, t);
  const double i = static_cast<double>(in.i[row]);
  const double log_f = log_sigmoid(static_cast<double>(in.f[row]));
  const double carry = log_f + previous_m;
  const bool carried = !fresh && carry > i;  // logσ(f̃) < 0: a tie is a rounding, and i is larger
  double m = carried ? carry : i;
  if (t + 1 == in.S) m = static_cast<double>(static_cast<Real>(m));
  return {
      .log_f = log_f,
      .m = m,
      .decay =
          fresh ? 0 : std::exp(log_f + (previous_m - m)),  // large M cancel before log_f is lost
      .input = std::exp(i - m),
      .carried = carried,
  };
}

template <class Real>
void mlstm_steps(const MlstmInputs<Real>& in, std::int64_t task, MlstmStep* steps) {
  double m = mlstm_initial_m(in, task);
  for (std::int64_t t = 0; t < in.S; ++t) {
    steps[t] = mlstm_step(in, task, t, m);
    m = steps[t].m;
  }
}

template <class Real>
void mlstm_normalise(const MlstmForward<Real>& a, std::int64_t row, Real den, double m) {
  const auto scale = static_cast<Real>(1 / mlstm_normaliser(static_cast<double>(den), m, a.in.eps));
  Real* const h = a.h + row * a.in.DHv;
  for (std::int64_t e = 0; e < a.in.DHv; ++e) h[e] *= scale;
  a.den[row] = den;
}

template <class Real>
double mlstm_upstream(const MlstmBackward<Real>& a, std::int64_t row, double m, Real* upstream) {
  const std::int64_t DHv = a.in.DHv;
  const Real* const dh = a.dh + row * DHv;
  const Real* const h = a.h + row * DHv;
  const double den = static_cast<double>(a.den[row]);
  const double n = mlstm_normaliser(den, m, a.in.eps);
  const auto scale = static_cast<Real>(1 / n);
  double along = 0;
  for (std::int64_t e = 0; e < DHv; ++e) {
    upstream[e] = dh[e] * scale;
    along += static_cast<double>(dh[e]) * static_cast<double>(h[e]);
  }
  along /= n;
  upstream[DHv] = mlstm_guarded(den, m) ? Real{0} : static_cast<Real>(den > 0 ? -along : along);
  return -along * a.in.eps;
}

void mlstm_add_row(const MlstmStepGradients& d, const double* p, double carried, std::int64_t first,
                   std::int64_t last) {
  double crossing = carried;
  for (std::int64_t s = first; s <= last; ++s) {
    d.log_f[s] += crossing;
    d.i[s] += p[s - first];
    crossing += p[s - first];
  }
}

template <class Real>
void mlstm_finish_gates(const MlstmBackward<Real>& a, std::int64_t task, const MlstmStep* steps,
                        const MlstmStepGradients& d) {
  const std::int64_t S = a.in.S;
  double gamma = static_cast<double>(a.dm[task]);
  for (std::int64_t t = S - 1; t >= 0; --t) {
    gamma += d.m[t];
    (steps[t].carried ? d.log_f : d.i)[t] += gamma;
    if (!steps[t].carried) gamma = 0;
  }
  for (std::int64_t t = 0; t < S; ++t) {
    const std::int64_t row = mlstm_row(a.in, task, t);
    const double dlog_f = sigmoid(-static_cast<double>(a.in.f[row]));  // d logσ(f̃) / df̃
    if (a.di != nullptr) a.di[row] += static_cast<Real>(d.i[t]);
    if (a.df != nullptr) a.df[row] += static_cast<Real>(d.log_f[t] * dlog_f);
  }
  // m0 and the first log f are only ever used as their sum.
  if (a.dm0 != nullptr) a.dm0[task] += static_cast<Real>(d.log_f[0]);
}

template MlstmStep mlstm_step(const MlstmInputs<float>&, std::int64_t, std::int64_t, double);
template MlstmStep mlstm_step(const MlstmInputs<double>&, std::int64_t, std::int64_t, double);
template void mlstm_steps(const MlstmInputs<float>&, std::int64_t, MlstmStep*);
template void mlstm_steps(const MlstmInputs<double>&, std::int64_t, MlstmStep*);
template void mlstm_normalise(const MlstmForward<float>&, std::int64_t, float, double);
template void mlstm_normalise(const MlstmForward<double>&, std::int64_t, double, double);
template double mlstm_upstream(const MlstmBackward<float>&, std::int64_t, double, float*);
template double mlstm_upstream(const MlstmBackward<double>&, std::int64_t, double, double*);
template void mlstm_finish_gates(const MlstmBackward<float>&, std::int64_t, const MlstmStep*,
                                 const MlstmStepGradients&);
template void mlstm_finish_gates(const MlstmBackward<double>&, std::int64_t, const MlstmStep*,
                                 const MlstmStepGradients&);

}  // namespace carousel::reference
