// The mLSTM against the xLSTM authors' PyTorch package (tests/golden/cells.py).

#include <doctest/doctest.h>

#include "autograd/tape.h"
#include "core/safetensors.h"
#include "ops/layout.h"
#include "ops/mlstm.h"
#include "tests/check_op.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

const Safetensors& golden() {
  static const Safetensors file(CAROUSEL_SOURCE_DIR "/tests/golden/cells/mlstm.safetensors");
  return file;
}

// The package has heads before steps, (B, NH, S, …); here steps come first.
Tensor<double> read_steps(const char* name) {
  const auto x = golden().read<double>(name);
  const Tape::Pause pause;
  return permute(Var<double>(x),
                 x.rank() == 4 ? std::vector<int>{0, 2, 1, 3} : std::vector<int>{0, 2, 1})
      .value;
}

void check_form(MlstmForm form, Device device) {
  std::vector<Var<double>> in;
  for (const char* name : {"q", "k", "v", "igate", "fgate"}) {
    in.push_back(parameter(read_steps(name).to(device)));
  }
  for (const char* name : {"C0", "n0", "m0"}) {
    in.push_back(parameter(golden().read<double>(name).to(device)));
  }
  const auto run = [&](double eps) {
    return mlstm(in[0], in[1], in[2], in[3], in[4], {in[5], in[6], in[7]}, {},
                 {.form = form, .chunk_size = 4, .eps = eps});
  };
  Tape tape;
  const auto result = run(0);
  const auto dh = read_steps("dh").to(device);
  tape.backward(std::span(&result.h, 1), std::span<const Tensor<double>>(&dh, 1));

  // Both are double precision: what differs is the order of some tens of additions.
  constexpr double tolerance = 1e-13;
  CHECK(relative_error(result.h.value, read_steps("h")) <= tolerance);
  CHECK(relative_error(result.state.c.value, golden().read<double>("C")) <= tolerance);
  CHECK(relative_error(result.state.n.value, golden().read<double>("n")) <= tolerance);
  CHECK(relative_error(result.state.m.value, golden().read<double>("m")) <= tolerance);
  std::size_t i = 0;
  for (const char* name : {"grad.q", "grad.k", "grad.v", "grad.igate", "grad.fgate"}) {
    INFO(name);
    CHECK(relative_error(in[i++].grad->value(), read_steps(name)) <= tolerance);
  }
  for (const char* name : {"grad.C0", "grad.n0", "grad.m0"}) {
    INFO(name);
    CHECK(relative_error(in[i++].grad->value(), golden().read<double>(name)) <= tolerance);
  }
  const Tape::Pause pause;
  CHECK(relative_error(run(1e-6).h.value, read_steps("h_eps")) <= tolerance);
}

}  // namespace

TEST_CASE("mlstm computes what the official package computes, with its gradients" *
          doctest::test_suite("devices")) {
  on_each_device([](Device device) {
    for (const auto form : {MlstmForm::recurrent, MlstmForm::parallel, MlstmForm::chunkwise}) {
      INFO("form ", static_cast<int>(form));
      check_form(form, device);
    }
  });
}

}  // namespace carousel
