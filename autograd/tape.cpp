#include "autograd/tape.h"

#include <atomic>

namespace carousel {

namespace {

thread_local Tape* current_tape = nullptr;

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

}  // namespace

Tape::Tape() : id_(next_id()), outer_(current_tape) { current_tape = this; }
Tape::~Tape() { current_tape = outer_; }

Tape* Tape::current() { return current_tape; }

Tape::Pause::Pause() : resumed_(current_tape) { current_tape = nullptr; }
Tape::Pause::~Pause() { current_tape = resumed_; }

void Tape::push(const char* name, std::function<void()> backward) {
  CAROUSEL_CHECK(!used_, "{}: recorded on a tape whose backward has run, want a new Tape", name);
  steps_.push_back({name, std::move(backward)});
}

std::vector<const char*> Tape::names() const {
  std::vector<const char*> result;
  for (const Step& step : steps_) result.push_back(step.name);
  return result;
}

template <class Real>
void Tape::backward(const Var<Real>& loss) {
  CAROUSEL_CHECK(loss.numel() == 1, "backward: loss has shape {}, want one element", loss.shape());
  const auto one = Tensor<Real>::full(loss.shape(), 1, loss.device());
  backward(std::span<const Var<Real>>(&loss, 1), std::span<const Tensor<Real>>(&one, 1));
}

template <class Real>
void Tape::backward(std::span<const Var<Real>> outputs, std::span<const Tensor<Real>> upstream) {
  CAROUSEL_CHECK(!used_, "backward: called twice on one tape, whose steps are used up");
  CAROUSEL_CHECK(outputs.size() == upstream.size(), "backward: got {} upstream gradients, want {}",
                 upstream.size(), outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto& output = outputs[i];
    CAROUSEL_CHECK(output.wanted(),
                   "backward: output {} is a constant, nothing recorded leads to it", i);
    CAROUSEL_CHECK(output.grad->tape() == 0 || output.grad->tape() == id_,
                   "backward: output {} was recorded on another tape", i);
    CAROUSEL_CHECK(upstream[i].shape() == output.shape(),
                   "backward: upstream gradient {} has shape {}, want {}", i, upstream[i].shape(),
                   output.shape());
    CAROUSEL_CHECK(upstream[i].device() == output.device(),
                   "backward: upstream gradient {} is on device {}, want {}", i,
                   name(upstream[i].device()), name(output.device()));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i].grad->add(upstream[i]);
  run_backward();
}

void Tape::run_backward() {
  used_ = true;
  const Pause pause;
  while (!steps_.empty()) {
    const Step step = std::move(steps_.back());
    steps_.pop_back();
    step.backward();
  }
}

template void Tape::backward(const Var<float>&);
template void Tape::backward(const Var<double>&);
template void Tape::backward(std::span<const Var<float>>, std::span<const Tensor<float>>);
template void Tape::backward(std::span<const Var<double>>, std::span<const Tensor<double>>);
template void Tape::backward(std::span<const Var<bf16>>, std::span<const Tensor<bf16>>);

}  // namespace carousel
