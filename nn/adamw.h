// AdamW with the weight-decay groups of the official package and clipping by the global norm.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/mirror.h"
#include "nn/parameters.h"

namespace carousel {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.95;
  double eps = 1e-8;
  double weight_decay = 0.1;
  bool weight_decay_on_embedding = false;
};

// Whether a parameter decays: its name contains "weight" and not "norm", and it is no embedding
// unless the option asks for that. So biases, skips, norms and recurrent matrices do not decay.
bool decays(std::string_view parameter_name, bool weight_decay_on_embedding);

// The only writer of parameters. One training step:
//
//   optimizer.clear_gradients();
//   { Tape tape; tape.backward(loss(batch)); }
//   optimizer.clip_gradients(1.0);
//   optimizer.step(learning_rate);
//
// It works on the parameters' device, and the host waits for nothing but gradient_norm, and for a
// step to be over before the next; the moments follow parameters that move.
template <class Real>
class AdamW {
 public:
  // What is remembered about one parameter between steps.
  struct Moments {
    std::string name;
    Tensor<Real> m, v;       // of the parameter's shape
    std::int64_t steps = 0;  // updates so far; fewer than of others where no gradient had arrived

    static void visit(auto& self, auto&& v) {
      v("name", self.name);
      v("m", self.m);
      v("v", self.v);
      v("steps", self.steps);
    }
  };

  // Throws Error for an option outside its range (betas in [0, 1), eps and decay ≥ 0), a constant,
  // a parameter that is there twice, and parameters on two devices.
  AdamW(std::vector<NamedParameter<Real>> parameters, const AdamWOptions& options);

  // Measures the norm g of all gradients together, and has the next step scale them by
  // min(1, max_norm / (g + 1e-6)), as torch does; max_norm = 0 only measures. Where g is not finite
  // the next step changes nothing: see gradient_norm and first_nonfinite_gradient. It counts as not
  // finite where an element of `losses`, on the parameters' device, is not.
  void clip_gradients(double max_norm, const Tensor<Real>& losses = {});

  // The norm that clip_gradients measured last; 0 before. The host waits for the device.
  double gradient_norm() const;

  // Updates every parameter that a gradient has arrived for, as torch.optim.AdamW does.
  // Throws Error while a tape is open: it has saved the values that would change under it; for a
  // learning rate that is negative or not finite; and, as clip_gradients does, when not all
  // parameters are on one device.
  void step(double learning_rate);

  // The two halves of a step. prepare does what differs from step to step: it counts the updates
  // of the parameters for which a gradient has arrived, and leaves numbers for the device to fetch.
  // update asks the device for the same every time, and can be recorded (core/recording.h).
  void prepare(double learning_rate);
  void update();

  // Forgets the gradients, and what clip_gradients wanted to do with them.
  void clear_gradients();

  // The moments of every parameter, in the order of the constructor; they share memory with the
  // optimiser's own. restore copies such moments back, from any device, and throws Error unless
  // names and shapes are the same.
  std::vector<Moments> moments() const;
  void restore(const std::vector<Moments>& moments);

  // The name of the first parameter whose gradient holds an infinity or a NaN; empty if none does.
  // Looks at copies on the host.
  std::string first_nonfinite_gradient() const;

  // Updates of the parameter that had most.
  std::int64_t steps() const;

 private:
  struct Entry {
    NamedParameter<Real> parameter;
    Moments moments;
    double weight_decay;
  };

  // Where all parameters are.
  Device device() const;

  std::vector<Entry> entries_;
  AdamWOptions options_;
  Mirror<double> factors_;  // (parameters, 3)  adamw_factors of each
  Mirror<double> squares_;  // (1)  of the gradients, as clip_gradients last measured them
  bool measured_ = false;   // for the next step
  double max_norm_ = 0;
};

extern template class AdamW<float>;
extern template class AdamW<double>;

}  // namespace carousel
