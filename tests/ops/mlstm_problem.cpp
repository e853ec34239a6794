#include "tests/ops/mlstm_problem.h"

#include <cmath>

#include "autograd/tape.h"
#include "core/random.h"

namespace carousel {

namespace {

// A number and its derivative along one direction.
struct Dual {
  long double value = 0, slope = 0;

  friend Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.slope + b.slope}; }
  friend Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.slope - b.slope}; }
  friend Dual operator*(Dual a, Dual b) {
    return {a.value * b.value, a.value * b.slope + a.slope * b.value};
  }
  friend Dual operator/(Dual a, Dual b) {
    const long double ratio = a.value / b.value;
    return {ratio, (a.slope - ratio * b.slope) / b.value};
  }
};

Dual exp(Dual x) {
  const long double value = std::exp(x.value);
  return {value, value * x.slope};
}
Dual log_sigmoid(Dual x) {
  return {std::fmin(x.value, 0.0L) - std::log1p(std::exp(-std::fabs(x.value))),
          x.slope / (1 + std::exp(x.value))};
}
// The first when they are equal: logσ < 0, so that i_t = m_{t−1} is a tie by rounding only.
Dual max(Dual a, Dual b) { return a.value >= b.value ? a : b; }
Dual abs(Dual x) { return x.value < 0 ? Dual{} - x : x; }

// One head of one sequence, from its state through its steps.
class Head {
 public:
  Head(const MlstmProblem& problem, const MlstmOptions& options,
       const std::vector<Tensor<double>>& directions, std::int64_t b, std::int64_t head)
      : p_(problem), o_(options), directions_(directions), b_(b), head_(head) {
    clear();
    if (p_.inputs.size() < 8) return;
    const std::int64_t at = b_ * p_.NH + head_;
    for (std::int64_t j = 0; j < p_.DHqk; ++j) {
      for (std::int64_t e = 0; e < p_.DHv; ++e) c(j, e) = input(5, (at * p_.DHqk + j) * p_.DHv + e);
      n(j) = input(6, at * p_.DHqk + j);
    }
    m_ = input(7, at);
    fresh_ = false;
  }

  // Advances to step t and gives h_t.
  std::vector<Dual> step(std::int64_t t) {
    if (p_.reset.defined() && p_.reset.data()[b_ * p_.S + t] != 0) clear();
    const std::int64_t row = (b_ * p_.S + t) * p_.NH + head_;
    const Dual kappa{1 / std::sqrt(static_cast<long double>(p_.DHqk))}, one{1};
    const Dual i = input(3, row), carry = log_sigmoid(input(4, row)) + m_;
    const Dual m = fresh_ ? i : max(i, carry);
    const Dual decay = fresh_ ? Dual{} : exp(carry - m), gate = exp(i - m);
    m_ = m;
    fresh_ = false;

    std::vector<Dual> h(static_cast<std::size_t>(p_.DHv));
    Dual den;
    for (std::int64_t j = 0; j < p_.DHqk; ++j) {
      const Dual q = input(0, row * p_.DHqk + j) * (o_.scale_query ? kappa : one);
      const Dual k = input(1, row * p_.DHqk + j) * (o_.scale_query ? one : kappa);
      for (std::int64_t e = 0; e < p_.DHv; ++e) {
        c(j, e) = decay * c(j, e) + gate * k * input(2, row * p_.DHv + e);
        h[static_cast<std::size_t>(e)] = h[static_cast<std::size_t>(e)] + c(j, e) * q;
      }
      n(j) = decay * n(j) + gate * k;
      den = den + n(j) * q;
    }
    const Dual divisor = max(abs(den), exp(Dual{} - m)) + Dual{o_.eps};
    for (Dual& element : h) element = element / divisor;
    return h;
  }

  Dual& c(std::int64_t j, std::int64_t e) { return c_[static_cast<std::size_t>(j * p_.DHv + e)]; }
  Dual& n(std::int64_t j) { return n_[static_cast<std::size_t>(j)]; }
  Dual m() const { return m_; }

 private:
  void clear() {
    c_.assign(static_cast<std::size_t>(p_.DHqk * p_.DHv), Dual{});
    n_.assign(static_cast<std::size_t>(p_.DHqk), Dual{});
    m_ = {};
    fresh_ = true;
  }
  Dual input(std::size_t which, std::int64_t at) const {
    const bool moved = directions_[which].defined();
    return {p_.inputs[which].data()[at], moved ? directions_[which].data()[at] : 0};
  }

  const MlstmProblem& p_;
  const MlstmOptions& o_;
  const std::vector<Tensor<double>>& directions_;
  std::int64_t b_, head_;
  std::vector<Dual> c_, n_;
  Dual m_;
  bool fresh_ = true;
};

// Calls result(output, index, value) for every element of h, c, n, m.
template <class Result>
void run_truth(const MlstmProblem& p, const MlstmOptions& options,
               const std::vector<Tensor<double>>& directions, const Result& result) {
  for (std::int64_t task = 0; task < p.B * p.NH; ++task) {
    Head head(p, options, directions, task / p.NH, task % p.NH);
    for (std::int64_t t = 0; t < p.S; ++t) {
      const auto h = head.step(t);
      const std::int64_t row = (task / p.NH * p.S + t) * p.NH + task % p.NH;
      for (std::int64_t e = 0; e < p.DHv; ++e) {
        result(0, row * p.DHv + e, h[static_cast<std::size_t>(e)]);
      }
    }
    for (std::int64_t j = 0; j < p.DHqk; ++j) {
      const std::int64_t at = task * p.DHqk + j;
      for (std::int64_t e = 0; e < p.DHv; ++e) result(1, at * p.DHv + e, head.c(j, e));
      result(2, at, head.n(j));
    }
    result(3, task, head.m());
  }
}

std::vector<Shape> output_shapes(const MlstmProblem& p) {
  return {{p.B, p.S, p.NH, p.DHv}, {p.B, p.NH, p.DHqk, p.DHv}, {p.B, p.NH, p.DHqk}, {p.B, p.NH}};
}

}  // namespace

MlstmProblem random_mlstm(MlstmProblem p, bool state, bool resets) {
  const auto add = [&](const char* name, const Shape& shape, double scale, double offset) {
    const auto values = random_normal<double>(shape, Random{}.named(name), scale, offset);
    p.inputs.push_back(values.to<float>().to<double>());
  };
  add("q", {p.B, p.S, p.NH, p.DHqk}, 0.5, 1);
  add("k", {p.B, p.S, p.NH, p.DHqk}, 0.5, 1);
  add("v", {p.B, p.S, p.NH, p.DHv}, 1, 0);
  add("i", {p.B, p.S, p.NH}, 1.5, 0);
  add("f", {p.B, p.S, p.NH}, 2, 2);
  if (state) {
    add("c0", {p.B, p.NH, p.DHqk, p.DHv}, 1, 0);
    add("n0", {p.B, p.NH, p.DHqk}, 0.5, 1);
    add("m0", {p.B, p.NH}, 1, 0);
  }
  if (resets) {
    p.reset = Tensor<std::int32_t>({p.B, p.S});
    const Random random = Random{}.named("resets");
    for (std::int64_t at = 0; at < p.reset.numel(); ++at) {
      p.reset.mutable_data()[at] = random.below(12, static_cast<std::uint64_t>(at)) == 0;
    }
  }
  return p;
}

template <class T>
Tensor<T> steps_of(const Tensor<T>& x, std::int64_t begin, std::int64_t end) {
  if (!x.defined()) return {};
  const std::int64_t inner = x.shape().inner(1), S = x.dim(1);
  Tensor<T> result(x.shape().with(1, end - begin));
  for (std::int64_t b = 0; b < x.dim(0); ++b) {
    std::copy_n(x.data() + (b * S + begin) * inner, (end - begin) * inner,
                result.mutable_data() + b * (end - begin) * inner);
  }
  return result;
}

std::vector<Tensor<double>> mlstm_upstream(const MlstmProblem& problem) {
  std::vector<Tensor<double>> result;
  for (const auto& shape : output_shapes(problem)) {
    const auto values = random_normal<double>(shape, Random{3, result.size()});
    result.push_back(values.to<float>().to<double>());
  }
  return result;
}

template <class Real>
MlstmRun<Real> run_mlstm(const MlstmProblem& problem, const MlstmOptions& options, Device device) {
  std::vector<Var<Real>> in;
  for (const auto& input : problem.inputs)
    in.push_back(parameter(input.template to<Real>().to(device)));
  MlstmState<Real> state;
  if (in.size() == 8) state = {in[5], in[6], in[7]};

  Tape tape;
  const auto result =
      mlstm(in[0], in[1], in[2], in[3], in[4], state, problem.reset.to(device), options);
  const std::vector<Var<Real>> outputs{result.h, result.state.c, result.state.n, result.state.m};
  std::vector<Tensor<Real>> upstream;
  for (const auto& d : mlstm_upstream(problem))
    upstream.push_back(d.template to<Real>().to(device));
  tape.backward(std::span<const Var<Real>>(outputs), std::span<const Tensor<Real>>(upstream));

  MlstmRun<Real> run;
  for (const auto& output : outputs) run.values.push_back(output.value.to(Device::cpu));
  for (const auto& input : in) run.gradients.push_back(input.grad->value().to(Device::cpu));
  return run;
}

std::vector<Tensor<double>> mlstm_truth(const MlstmProblem& problem, const MlstmOptions& options) {
  std::vector<Tensor<double>> result;
  for (const auto& shape : output_shapes(problem)) result.emplace_back(shape);
  const std::vector<Tensor<double>> none(problem.inputs.size());
  run_truth(problem, options, none, [&](std::size_t output, std::int64_t at, Dual x) {
    result[output].mutable_data()[at] = static_cast<double>(x.value);
  });
  return result;
}

double mlstm_true_slope(const MlstmProblem& problem, const MlstmOptions& options,
                        const std::vector<Tensor<double>>& directions) {
  const auto upstream = mlstm_upstream(problem);
  long double sum = 0;
  run_truth(problem, options, directions, [&](std::size_t output, std::int64_t at, Dual x) {
    sum += upstream[output].data()[at] * x.slope;
  });
  return static_cast<double>(sum);
}

double dot(const Tensor<double>& a, const Tensor<double>& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) sum += a.data()[i] * b.data()[i];
  return sum;
}

template Tensor<double> steps_of(const Tensor<double>&, std::int64_t, std::int64_t);
template Tensor<float> steps_of(const Tensor<float>&, std::int64_t, std::int64_t);
template Tensor<std::int32_t> steps_of(const Tensor<std::int32_t>&, std::int64_t, std::int64_t);
template MlstmRun<float> run_mlstm(const MlstmProblem&, const MlstmOptions&, Device);
template MlstmRun<double> run_mlstm(const MlstmProblem&, const MlstmOptions&, Device);

}  // namespace carousel
