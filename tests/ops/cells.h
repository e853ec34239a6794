// slstm and lstm as one kind of thing: what both are tested for.
#pragma once

#include "core/random.h"
#include "ops/lstm.h"
#include "ops/slstm.h"
#include "tests/check_recurrent.h"

namespace carousel {

struct CellSizes {
  std::int64_t B, S, NH, DH;
};

// Sequences i, f, z, o; weights recurrent, bias; state h, c and, for slstm, n, m.
template <class Real>
Recurrent<Real> lstm_problem(const CellSizes& s, const RecurrentGradient& gradient = {}) {
  const Random random{static_cast<std::uint64_t>(s.S)};
  const auto normal = [&](const char* name, const Shape& shape, double scale = 1, double mean = 0) {
    return random_normal<Real>(shape, random.named(name), scale, mean);
  };
  const Shape steps{s.B, s.S, s.NH, s.DH}, state{s.B, s.NH, s.DH};
  return {
      .call =
          [gradient](const Vars<Real>& x, const Vars<Real>& w, const Vars<Real>& st,
                     const Tensor<std::int32_t>& reset) {
            const auto from = st.empty() ? LstmState<Real>{} : LstmState<Real>{st[0], st[1]};
            const auto [y, last] = lstm(x[0], x[1], x[2], x[3], w[0], w[1], from, reset, gradient);
            return Vars<Real>{y, last.h, last.c};
          },
      .sequences = {normal("i", steps), normal("f", steps, 1.5, 0.5), normal("z", steps),
                    normal("o", steps)},
      .weights = {normal("recurrent", {s.NH, 4 * s.DH, s.DH}, 0.4),
                  normal("bias", {4, s.NH, s.DH})},
      .state = {normal("h", state, 0.5), normal("c", state)},
      .reset = {},
  };
}

template <class Real>
Recurrent<Real> slstm_problem(const CellSizes& s, const SlstmOptions& options = {}) {
  auto r = lstm_problem<Real>(s);
  const Shape state{s.B, s.NH, s.DH};
  r.state.push_back(random_uniform<Real>(state, Random{}.named("n"), 0.5, 1.5));
  r.state.push_back(random_normal<Real>(state, Random{}.named("m")));
  r.call = [options](const Vars<Real>& x, const Vars<Real>& w, const Vars<Real>& st,
                     const Tensor<std::int32_t>& reset) {
    const auto from =
        st.empty() ? SlstmState<Real>{} : SlstmState<Real>{st[0], st[1], st[2], st[3]};
    const auto [y, last] = slstm(x[0], x[1], x[2], x[3], w[0], w[1], from, reset, options);
    return Vars<Real>{y, last.h, last.c, last.n, last.m};
  };
  return r;
}

}  // namespace carousel
