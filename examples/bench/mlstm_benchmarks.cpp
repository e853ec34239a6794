// The mLSTM, whole sequences forward and backward, and one decode step.
#include "examples/bench/benchmarks.h"
#include "examples/bench/work.h"

namespace carousel::bench {

namespace {

struct Sizes {
  std::int64_t B, S, NH, DHqk, DHv;

  std::string text() const {
    const auto heads = fmt::format("{}x{}x{}x{}", B, S, NH, DHqk);
    return DHqk == DHv ? heads : fmt::format("{}x{}", heads, DHv);
  }
};

// The arrays of an mLSTM over B sequences.
template <class Real>
struct Matrix {
  static constexpr std::int64_t L = 64;
  using Channels = Tensor<Real>;
  using Numbers = Tensor<Wide<Real>>;

  Sizes s;
  Channels q = channels(s.DHqk), k = channels(s.DHqk), v = channels(s.DHv), h = channels(s.DHv),
           dh = channels(s.DHv), dq = channels(s.DHqk), dk = channels(s.DHqk), dv = channels(s.DHv);
  Numbers i = noise({s.B, s.S, s.NH}), f = filled({s.B, s.S, s.NH}, 4),
          den = noise({s.B, s.S, s.NH}), di = noise({s.B, s.S, s.NH}), df = noise({s.B, s.S, s.NH});
  Numbers c0 = noise({s.B, s.NH, s.DHqk, s.DHv}), n0 = noise({s.B, s.NH, s.DHqk}),
          m0 = noise({s.B, s.NH}), c = noise({s.B, s.NH, s.DHqk, s.DHv}),
          n = noise({s.B, s.NH, s.DHqk}), m = noise({s.B, s.NH});
  Numbers chunk_c = noise({s.B, s.NH, (s.S - 1) / L, s.DHqk, s.DHv}),
          chunk_n = noise({s.B, s.NH, (s.S - 1) / L, s.DHqk});

  Channels channels(std::int64_t DH) const {
    return noise({s.B, s.S, s.NH, DH}).template to<Real>();
  }

  MlstmInputs<Real> in(bool carried) const {
    return {.q = q.data(),
            .k = k.data(),
            .v = v.data(),
            .i = i.data(),
            .f = f.data(),
            .c0 = carried ? c0.data() : nullptr,
            .n0 = carried ? n0.data() : nullptr,
            .m0 = carried ? m0.data() : nullptr,
            .reset = nullptr,
            .B = s.B,
            .S = s.S,
            .NH = s.NH,
            .DHqk = s.DHqk,
            .DHv = s.DHv,
            .chunk_size = L,
            .eps = 1e-6,
            .query_scale = 1,
            .key_scale = 0.1};
  }

  MlstmForward<Real> forward(bool carried) {
    return {.in = in(carried),
            .h = h.mutable_data(),
            .den = den.mutable_data(),
            .c = c.mutable_data(),
            .n = n.mutable_data(),
            .m = m.mutable_data(),
            .chunk_c = carried ? nullptr : chunk_c.mutable_data(),
            .chunk_n = carried ? nullptr : chunk_n.mutable_data()};
  }

  MlstmBackward<Real> backward() {
    return {.in = in(false),
            .dh = dh.data(),
            .dc = c0.data(),
            .dn = n0.data(),
            .dm = m0.data(),
            .h = h.data(),
            .den = den.data(),
            .chunk_c = chunk_c.data(),
            .chunk_n = chunk_n.data(),
            .dq = dq.mutable_data(),
            .dk = dk.mutable_data(),
            .dv = dv.mutable_data(),
            .di = di.mutable_data(),
            .df = df.mutable_data(),
            .dc0 = nullptr,
            .dn0 = nullptr,
            .dm0 = nullptr};
  }
};

// What add_kernel and add_narrow_kernel prepare.
template <class Real>
auto prepare_forward(const Sizes& sizes) {
  return [sizes](const Kernels<Real>&) {
    return [cell = Matrix<Real>{sizes}](const Kernels<Real>& k) mutable {
      k.mlstm_chunkwise_forward(cell.forward(false));
    };
  };
}
template <class Real>
auto prepare_backward(const Sizes& sizes) {
  return [sizes](const Kernels<Real>& given) {
    Matrix<Real> cell{sizes};
    given.mlstm_chunkwise_forward(cell.forward(false));
    return [cell](const Kernels<Real>& k) mutable { k.mlstm_chunkwise_backward(cell.backward()); };
  };
}

void add_chunkwise(const Sizes& s) {
  const double flops =
      static_cast<double>(s.B) * mlstm_cell_flops(s.S, s.NH, s.DHqk, s.DHv, Matrix<float>::L);
  const Work forward{.flops = flops}, backward{.flops = 2 * flops};
  add_kernel("mlstm_chunkwise_forward", s.text(), forward, prepare_forward<float>(s));
  add_kernel("mlstm_chunkwise_backward", s.text(), backward, prepare_backward<float>(s));
  add_narrow_kernel("mlstm_chunkwise_forward", s.text(), forward, prepare_forward<bf16>(s));
  add_narrow_kernel("mlstm_chunkwise_backward", s.text(), backward, prepare_backward<bf16>(s));
}

// One token after others: the state is read and written.
void add_step(std::int64_t B, std::int64_t NH, std::int64_t DH) {
  add_kernel("mlstm_recurrent_forward", fmt::format("{}x1x{}x{}", B, NH, DH),
             moves(B * NH * DH * DH, B * NH * DH * DH),
             [B, NH, DH](const Kernels<float>&) -> KernelCall {
               const Sizes sizes{B, 1, NH, DH, DH};
               return [cell = Matrix<float>{sizes}](const Kernels<float>& k) mutable {
                 k.mlstm_recurrent_forward(cell.forward(true));
               };
             });
}

}  // namespace

void add_mlstm_benchmarks(const Batch& batch) {
  const Batch longer{(batch.B + 3) / 4, 4 * batch.S};
  for (const std::int64_t d : {256, 512}) {
    add_chunkwise({batch.B, batch.S, 4, d / 2, d / 2});
    add_chunkwise({longer.B, longer.S, 4, d / 2, d / 2});
    add_step(1, 4, d / 2);
    add_step(8, 4, d / 2);
  }
  add_chunkwise({batch.B, batch.S, 16, 128, 256});
}

}  // namespace carousel::bench
