#include "nn/adamw.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "autograd/tape.h"
#include "core/file.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/safetensors.h"
#include "ops/reduce.h"

namespace carousel {

namespace {

template <class Real>
void set_gradient(const Var<Real>& parameter, const Tensor<Real>& gradient) {
  parameter.grad->clear();
  Real* const slot = parameter.grad->accumulate();
  std::copy_n(gradient.data(), gradient.numel(), slot);
}

// One scalar parameter, by the equations of torch.optim.AdamW.
struct Scalar {
  double theta, m = 0, v = 0;

  void step(double g, double rate, double decay, int t, const AdamWOptions& o) {
    theta *= 1 - rate * decay;
    m = o.beta1 * m + (1 - o.beta1) * g;
    v = o.beta2 * v + (1 - o.beta2) * g * g;
    const double denominator = std::sqrt(v) / std::sqrt(1 - std::pow(o.beta2, t)) + o.eps;
    theta -= rate / (1 - std::pow(o.beta1, t)) * m / denominator;
  }
};

}  // namespace

TEST_CASE("30 steps of AdamW equal the equations, with decay where the name says so") {
  const AdamWOptions options{.weight_decay = 0.2};
  const auto weight = parameter(Tensor<double>::from({2}, {1, -2}));
  const auto bias = parameter(Tensor<double>::from({1}, {3}));
  AdamW<double> optimizer({{"proj_up.weight", weight}, {"proj_up.bias", bias}}, options);
  Scalar w0{1}, w1{-2}, b{3};
  const Random random{5};
  for (int t = 1; t <= 30; ++t) {
    const auto at = static_cast<std::uint64_t>(3 * t);
    const double g0 = random.normal(at), g1 = random.normal(at + 1), gb = random.normal(at + 2);
    set_gradient(weight, Tensor<double>::from({2}, {g0, g1}));
    set_gradient(bias, Tensor<double>::from({1}, {gb}));
    const double norm = std::sqrt(g0 * g0 + g1 * g1 + gb * gb);
    optimizer.clip_gradients(1.0);
    CHECK(std::abs(optimizer.gradient_norm() - norm) <= 1e-15 * norm);
    const double clip = std::min(1.0, 1.0 / (norm + 1e-6)), rate = 0.01 * t;
    optimizer.step(rate);
    w0.step(clip * g0, rate, 0.2, t, options);
    w1.step(clip * g1, rate, 0.2, t, options);
    b.step(clip * gb, rate, 0, t, options);
  }
  // Thirty roundings of numbers near one.
  CHECK(std::abs(weight.value.data()[0] - w0.theta) <= 1e-14);
  CHECK(std::abs(weight.value.data()[1] - w1.theta) <= 1e-14);
  CHECK(std::abs(bias.value.data()[0] - b.theta) <= 1e-14);
  CHECK(optimizer.steps() == 30);
}

TEST_CASE("clipping leaves small gradients alone, and 0 only measures") {
  const auto weight = parameter(Tensor<double>::from({2}, {0, 0}));
  AdamW<double> optimizer({{"weight", weight}}, {});
  set_gradient(weight, Tensor<double>::from({2}, {3, 4}));
  for (const double max_norm : {0.0, 100.0}) {
    optimizer.clip_gradients(max_norm);
    CHECK(optimizer.gradient_norm() == 5);
  }
  CHECK(weight.grad->value().data()[1] == 4);
}

TEST_CASE("a parameter without a gradient stays as it is") {
  const auto used = parameter(Tensor<double>::from({1}, {1}));
  const auto unused = parameter(Tensor<double>::from({1}, {1}));
  AdamW<double> optimizer({{"a.weight", used}, {"b.weight", unused}}, {});
  set_gradient(used, Tensor<double>::from({1}, {1}));
  optimizer.step(0.1);
  CHECK(used.value.item() != 1);
  CHECK(unused.value.item() == 1);
}

TEST_CASE("the bias correction counts a parameter's own updates, as torch does") {
  const auto late = parameter(Tensor<double>::from({1}, {1}));
  const auto always = parameter(Tensor<double>::from({1}, {1}));
  AdamW<double> optimizer({{"late.bias", late}, {"always.bias", always}}, {});
  Scalar expected{1};
  for (int t = 1; t <= 5; ++t) {
    optimizer.clear_gradients();
    set_gradient(always, Tensor<double>::from({1}, {0.5}));
    if (t >= 3) {
      set_gradient(late, Tensor<double>::from({1}, {0.7 * t}));
      expected.step(0.7 * t, 0.1, 0, t - 2, {});
    }
    optimizer.step(0.1);
  }
  CHECK(std::abs(late.value.item() - expected.theta) <= 1e-15);
  CHECK(optimizer.moments()[0].steps == 3);
  CHECK(optimizer.steps() == 5);
}

TEST_CASE("a step that is given up leaves no clipping behind") {
  const auto weight = parameter(Tensor<double>::from({1}, {1}));
  AdamW<double> optimizer({{"bias", weight}}, {});
  set_gradient(weight, Tensor<double>::from({1}, {std::numeric_limits<double>::infinity()}));
  optimizer.clip_gradients(1);
  CHECK(std::isinf(optimizer.gradient_norm()));  // would scale by 0
  optimizer.clear_gradients();
  set_gradient(weight, Tensor<double>::from({1}, {3}));
  optimizer.step(0.1);
  Scalar expected{1};
  expected.step(3, 0.1, 0, 1, {});
  CHECK(std::abs(weight.value.item() - expected.theta) <= 1e-15);
}

TEST_CASE("a restored optimiser continues bit for bit") {
  const auto start = random_normal<float>({100}, Random{1});
  const auto a = parameter(start.clone()), b = parameter(start.clone());
  AdamW<float> first({{"weight", a}}, {}), second({{"weight", b}}, {});
  const auto step = [](AdamW<float>& optimizer, const Var<float>& weight, std::uint64_t t) {
    set_gradient(weight, random_normal<float>({100}, Random{2, t}));
    optimizer.step(0.01);
  };
  for (std::uint64_t t = 0; t < 3; ++t) step(first, a, t);
  std::copy_n(a.value.data(), 100, Tensor<float>(b.value).mutable_data());
  second.restore(first.moments());
  for (std::uint64_t t = 3; t < 6; ++t) {
    step(first, a, t);
    step(second, b, t);
  }
  CHECK(second.steps() == 6);
  CHECK(std::equal(a.value.data(), a.value.data() + 100, b.value.data()));

  const auto other = parameter(Tensor<float>::zeros({99}));
  CHECK_THROWS_WITH(AdamW<float>({{"weight", other}}, {}).restore(first.moments()),
                    "AdamW: moments of weight have shape [100], want [99]");
  CHECK_THROWS_WITH(AdamW<float>({{"bias", a}}, {}).restore(first.moments()),
                    "AdamW: moments 0 are of weight, want bias");
  CHECK_THROWS_WITH(first.restore({}), "AdamW: got moments of 0 parameters, want 1");
}

TEST_CASE("the gradient norm of many floats is right to the last digits") {
  // 10⁶ gradients whose squares a float could not add up to this precision.
  const auto weight = parameter(Tensor<float>::zeros({1000001}));
  AdamW<float> optimizer({{"weight", weight}}, {});
  set_gradient(weight, Tensor<float>::full({1000001}, 0.25F));
  const double norm = 0.25 * std::sqrt(1000001.0);
  optimizer.clip_gradients(0);
  CHECK(std::abs(optimizer.gradient_norm() - norm) <= 1e-12 * norm);
}

TEST_CASE("weight decay follows the official groups") {
  const std::string block = "xlstm_block_stack.blocks.0.";
  for (const char* name :
       {"xlstm.proj_up.weight", "xlstm.q_proj.weight", "xlstm.conv1d.conv.weight",
        "xlstm.mlstm_cell.igate.weight", "xlstm.fgate.weight", "ffn.proj_down.weight"}) {
    CHECK(decays(block + name, false));
  }
  for (const char* name : {"xlstm_norm.weight", "xlstm.learnable_skip", "xlstm.conv1d.conv.bias",
                           "xlstm.mlstm_cell.igate.bias", "xlstm.mlstm_cell.outnorm.weight",
                           "ffn_norm.weight", "xlstm.slstm_cell._recurrent_kernel_",
                           "xlstm.slstm_cell._bias_", "xlstm.group_norm.weight"}) {
    CHECK_FALSE(decays(block + name, true));
  }
  CHECK(decays("lm_head.weight", false));
  CHECK_FALSE(decays("token_embedding.weight", false));
  CHECK(decays("token_embedding.weight", true));
}

TEST_CASE("the parameters of a golden model decay as the package says") {
  const std::string folder = CAROUSEL_SOURCE_DIR "/tests/golden/training/";
  const auto settings = parse_json(read_file(folder + "optimizer.json"), "optimizer.json");
  const auto wanted = settings["decayed"].get<std::set<std::string>>();
  std::set<std::string> decayed;
  for (const auto& name : Safetensors(folder + "model.safetensors").names()) {
    if (decays(name, false)) decayed.insert(name);
  }
  CHECK(decayed == wanted);
  CHECK(decayed.size() == 24);
}

TEST_CASE("AdamW gives the same bits for any number of threads") {
  const int before = threads();
  const auto run = [](int count) {
    set_threads(count);
    const Shape shape{50001};
    const auto weight = parameter(random_normal<float>(shape, Random{1}));
    AdamW<float> optimizer({{"weight", weight}}, {});
    set_gradient(weight, random_normal<float>(shape, Random{2}));
    optimizer.clip_gradients(1);
    optimizer.step(0.01);
    return std::pair(optimizer.gradient_norm(), weight.value);
  };
  const auto one = run(1);
  for (const int count : {2, 3}) {
    const auto many = run(count);
    CHECK(many.first == one.first);
    CHECK(std::equal(one.second.data(), one.second.data() + 50001, many.second.data()));
  }
  set_threads(before);
}

TEST_CASE("AdamW names the gradient that is not finite") {
  const auto a = parameter(Tensor<float>::from({1}, {1}));
  const auto b = parameter(Tensor<float>::from({2}, {1, 1}));
  AdamW<float> optimizer({{"a", a}, {"b", b}}, {});
  set_gradient(a, Tensor<float>::from({1}, {1}));
  CHECK(optimizer.first_nonfinite_gradient().empty());
  set_gradient(b, Tensor<float>::from({2}, {0, std::numeric_limits<float>::infinity()}));
  CHECK(optimizer.first_nonfinite_gradient() == "b");
  optimizer.clip_gradients(1);
  CHECK(std::isinf(optimizer.gradient_norm()));
}

TEST_CASE("AdamW refuses misuse") {
  const auto a = parameter(Tensor<double>::from({1}, {1}));
  AdamW<double> optimizer({{"a", a}}, {});
  {
    Tape tape;
    tape.backward(sum(a));
    CHECK_THROWS_WITH(
        optimizer.step(0.1),
        "AdamW: step() while a tape is open, which has saved the values that would change");
  }
  CHECK_THROWS_WITH(AdamW<double>({{"a", Var<double>(a.value)}}, {}),
                    "AdamW: a is a constant, want a parameter");
  CHECK_THROWS_WITH(AdamW<double>({{"a", a}}, {.beta1 = 1}),
                    "AdamW: betas got 1 and 0.95, want [0, 1)");
  CHECK_THROWS_WITH(AdamW<double>({{"a", a}, {"b", a}}, {}),
                    "AdamW: a and b are the same parameter");
  CHECK_THROWS_WITH(AdamW<double>({{"a", a}}, {.eps = -1}), "AdamW: eps got -1, want at least 0");
  CHECK_THROWS_WITH(AdamW<double>({{"a", a}}, {.weight_decay = std::nan("")}),
                    "AdamW: weight_decay got nan, want at least 0");
  CHECK_THROWS_WITH(optimizer.step(std::nan("")),
                    "AdamW: learning_rate got nan, want a finite number of at least 0");
  CHECK_THROWS_WITH(optimizer.clip_gradients(-1), "AdamW: max_norm got -1, want at least 0");
}

}  // namespace carousel
