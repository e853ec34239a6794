// The recurrent cells, whole sequences forward and backward, and one decode step.
#include "examples/bench/benchmarks.h"
#include "examples/bench/work.h"

namespace carousel::bench {

namespace {

// The arrays of an sLSTM or LSTM over B sequences.
struct Recurrence {
  std::int64_t B, S, NH, DH;
  Tensor<float> x = noise({4, B, S, NH, DH}), recurrent = noise({NH, 4 * DH, DH}),
                bias = noise({4, NH, DH}), gates = noise({B, S, NH, 4 * DH}),
                h = noise({B, S, NH, DH}), c = noise({B, S, NH, DH}), n = noise({B, S, NH, DH}),
                m = noise({B, S, NH, DH}), last = noise({4, B, NH, DH}), dh = noise({B, S, NH, DH}),
                dgates = noise({B, S, NH, 4 * DH}), dx = noise({4, B, S, NH, DH}),
                drecurrent = noise({NH, 4 * DH, DH}), dlast = noise({B, NH, DH}),
                dbias = noise({4, NH, DH});

  float* last_of(std::int64_t state) { return last.mutable_data() + state * B * NH * DH; }

  RecurrenceForward<float> forward() {
    const auto step = B * S * NH * DH;
    const float* const g = x.data();
    return {.x = {g, g + step, g + 2 * step, g + 3 * step},
            .recurrent = recurrent.data(),
            .bias = bias.data(),
            .h0 = nullptr,
            .reset = nullptr,
            .gates = gates.mutable_data(),
            .h = h.mutable_data(),
            .h_last = last_of(0),
            .B = B,
            .S = S,
            .NH = NH,
            .DH = DH};
  }

  RecurrenceBackward<float> backward() {
    const auto step = B * S * NH * DH;
    float* const g = dx.mutable_data();
    return {.dh = dh.data(),
            .dh_last = dlast.data(),
            .recurrent = recurrent.data(),
            .h0 = nullptr,
            .reset = nullptr,
            .gates = gates.data(),
            .h = h.data(),
            .dgates = dgates.mutable_data(),
            .dx = {g, g + step, g + 2 * step, g + 3 * step},
            .drecurrent = drecurrent.mutable_data(),
            .dbias = dbias.mutable_data(),
            .dh0 = nullptr,
            .B = B,
            .S = S,
            .NH = NH,
            .DH = DH,
            .gradient = {}};
  }
};

void run_slstm(const Kernels<float>& k, Recurrence& r) {
  k.slstm_forward({.recurrence = r.forward(),
                   .c0 = nullptr,
                   .n0 = nullptr,
                   .m0 = nullptr,
                   .c = r.c.mutable_data(),
                   .n = r.n.mutable_data(),
                   .m = r.m.mutable_data(),
                   .c_last = r.last_of(1),
                   .n_last = r.last_of(2),
                   .m_last = r.last_of(3),
                   .forget_gate = ForgetGate::sigmoid});
}

void run_slstm_backward(const Kernels<float>& k, Recurrence& r) {
  k.slstm_backward({.recurrence = r.backward(),
                    .dc_last = r.dlast.data(),
                    .dn_last = r.dlast.data(),
                    .dm_last = r.dlast.data(),
                    .c0 = nullptr,
                    .n0 = nullptr,
                    .m0 = nullptr,
                    .c = r.c.data(),
                    .n = r.n.data(),
                    .m = r.m.data(),
                    .dc0 = nullptr,
                    .dn0 = nullptr,
                    .dm0 = nullptr,
                    .forget_gate = ForgetGate::sigmoid});
}

void run_lstm(const Kernels<float>& k, Recurrence& r) {
  k.lstm_forward(
      {.recurrence = r.forward(), .c0 = nullptr, .c = r.c.mutable_data(), .c_last = r.last_of(1)});
}

void run_lstm_backward(const Kernels<float>& k, Recurrence& r) {
  k.lstm_backward({.recurrence = r.backward(),
                   .dc_last = r.dlast.data(),
                   .c0 = nullptr,
                   .c = r.c.data(),
                   .dc0 = nullptr});
}

using RunRecurrence = void (*)(const Kernels<float>&, Recurrence&);

void add_recurrence(const std::string& cell, RunRecurrence forward, RunRecurrence backward,
                    const Batch& batch, std::int64_t NH, std::int64_t DH) {
  const auto B = batch.B, S = batch.S;
  const auto shape = fmt::format("{}x{}x{}x{}", B, S, NH, DH);
  const auto products = 8.0 * static_cast<double>(B * S * NH * DH * DH);  // R h
  add_kernel(cell + "_forward", shape, {.flops = products},
             [B, S, NH, DH, forward](const Kernels<float>&) -> KernelCall {
               return [r = Recurrence{B, S, NH, DH}, forward](const Kernels<float>& k) mutable {
                 forward(k, r);
               };
             });
  add_kernel(cell + "_backward", shape, {.flops = 2 * products},
             [B, S, NH, DH, forward, backward](const Kernels<float>& given) -> KernelCall {
               Recurrence r{B, S, NH, DH};
               forward(given, r);
               return [r, backward](const Kernels<float>& k) mutable { backward(k, r); };
             });
}

// The arrays of an mLSTM over B sequences.
struct Matrix {
  static constexpr std::int64_t L = 64;
  std::int64_t B, S, NH, DH;
  Tensor<float> q = noise({B, S, NH, DH}), k = noise({B, S, NH, DH}), v = noise({B, S, NH, DH}),
                i = noise({B, S, NH}), f = Tensor<float>::full({B, S, NH}, 4),
                h = noise({B, S, NH, DH}), den = noise({B, S, NH}), c0 = noise({B, NH, DH, DH}),
                n0 = noise({B, NH, DH}), m0 = noise({B, NH}), c = noise({B, NH, DH, DH}),
                n = noise({B, NH, DH}), m = noise({B, NH}),
                chunk_c = noise({B, NH, (S - 1) / L, DH, DH}),
                chunk_n = noise({B, NH, (S - 1) / L, DH}), dh = noise({B, S, NH, DH}),
                dq = noise({B, S, NH, DH}), dk = noise({B, S, NH, DH}), dv = noise({B, S, NH, DH}),
                di = noise({B, S, NH}), df = noise({B, S, NH});

  MlstmInputs<float> in(bool carried) const {
    return {.q = q.data(),
            .k = k.data(),
            .v = v.data(),
            .i = i.data(),
            .f = f.data(),
            .c0 = carried ? c0.data() : nullptr,
            .n0 = carried ? n0.data() : nullptr,
            .m0 = carried ? m0.data() : nullptr,
            .reset = nullptr,
            .B = B,
            .S = S,
            .NH = NH,
            .DHqk = DH,
            .DHv = DH,
            .chunk_size = L,
            .eps = 1e-6,
            .query_scale = 1,
            .key_scale = 0.1};
  }

  MlstmForward<float> forward(bool carried) {
    return {.in = in(carried),
            .h = h.mutable_data(),
            .den = den.mutable_data(),
            .c = c.mutable_data(),
            .n = n.mutable_data(),
            .m = m.mutable_data(),
            .chunk_c = carried ? nullptr : chunk_c.mutable_data(),
            .chunk_n = carried ? nullptr : chunk_n.mutable_data()};
  }

  MlstmBackward<float> backward() {
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

void add_mlstm_chunkwise(const Batch& batch, std::int64_t NH, std::int64_t DH) {
  const auto B = batch.B, S = batch.S;
  const auto shape = fmt::format("{}x{}x{}x{}", B, S, NH, DH);
  const auto flops = static_cast<double>(B) * mlstm_cell_flops(S, NH, DH, DH, Matrix::L);
  add_kernel("mlstm_chunkwise_forward", shape, {.flops = flops},
             [B, S, NH, DH](const Kernels<float>&) -> KernelCall {
               return [cell = Matrix{B, S, NH, DH}](const Kernels<float>& k) mutable {
                 k.mlstm_chunkwise_forward(cell.forward(false));
               };
             });
  add_kernel("mlstm_chunkwise_backward", shape, {.flops = 2 * flops},
             [B, S, NH, DH](const Kernels<float>& given) -> KernelCall {
               Matrix cell{B, S, NH, DH};
               given.mlstm_chunkwise_forward(cell.forward(false));
               return [cell](const Kernels<float>& k) mutable {
                 k.mlstm_chunkwise_backward(cell.backward());
               };
             });
}

// One token after others: the state is read and written.
void add_mlstm_step(std::int64_t B, std::int64_t NH, std::int64_t DH) {
  add_kernel("mlstm_recurrent_forward", fmt::format("{}x1x{}x{}", B, NH, DH),
             moves(B * NH * DH * DH, B * NH * DH * DH),
             [B, NH, DH](const Kernels<float>&) -> KernelCall {
               return [cell = Matrix{B, 1, NH, DH}](const Kernels<float>& k) mutable {
                 k.mlstm_recurrent_forward(cell.forward(true));
               };
             });
}

}  // namespace

void add_cell_benchmarks(const Batch& batch) {
  const Batch longer{(batch.B + 3) / 4, 4 * batch.S};
  for (const std::int64_t d : {256, 512}) {
    add_recurrence("slstm", run_slstm, run_slstm_backward, batch, 4, d / 4);
    add_recurrence("lstm", run_lstm, run_lstm_backward, batch, 4, d / 4);
    add_mlstm_chunkwise(batch, 4, d / 2);
    add_mlstm_chunkwise(longer, 4, d / 2);
    add_mlstm_step(1, 4, d / 2);
    add_mlstm_step(8, 4, d / 2);
  }
}

}  // namespace carousel::bench
