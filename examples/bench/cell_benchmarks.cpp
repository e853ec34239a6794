// The sLSTM and the LSTM, whole sequences forward and backward.
#include "examples/bench/benchmarks.h"

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

}  // namespace

void add_cell_benchmarks(const Batch& batch) {
  for (const std::int64_t d : {256, 512, 768}) {
    add_recurrence("slstm", run_slstm, run_slstm_backward, batch, 4, d / 4);
    add_recurrence("lstm", run_lstm, run_lstm_backward, batch, 4, d / 4);
  }
  add_recurrence("lstm", run_lstm, run_lstm_backward, batch, 1, 768);  // as in torch.nn.LSTM
  add_mlstm_benchmarks(batch);
}

}  // namespace carousel::bench
