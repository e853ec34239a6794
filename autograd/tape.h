// Tape: what happened, in order, and how to walk it backwards.
//
//   Tape tape;                               // recording starts
//   const Var loss = cross_entropy(model(tokens), targets);
//   tape.backward(loss);                     // every parameter's slot received +=
//
// No tape open, no recording. Steps are kept in creation order, which is a topological order, so
// backward is one reverse loop. Each step is freed as soon as it has run, with what it saved.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "autograd/var.h"

namespace carousel {

class Tape {
 public:
  Tape();   // becomes the current tape of this thread
  ~Tape();  // the one before becomes current again
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // The tape that ops record on, or null.
  static Tape* current();

  // Stops recording while it lives.
  class Pause {
   public:
    Pause();
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    Tape* resumed_;
  };

  // Adds d loss / d x into the slot of every x the loss was computed from. The loss is one element.
  // Throws Error for a loss that is constant, not one element, or recorded on another tape, and
  // for a second call: the steps are used up.
  template <class Real>
  void backward(const Var<Real>& loss);

  // The same from several outputs at once, with given upstream gradients of the outputs' shapes and
  // devices.
  template <class Real>
  void backward(std::span<const Var<Real>> outputs, std::span<const Tensor<Real>> upstream);

  void push(const char* name, std::function<void()> backward);
  std::uint64_t id() const { return id_; }
  std::size_t size() const { return steps_.size(); }
  std::vector<const char*> names() const;  // of the steps, in order

 private:
  struct Step {
    const char* name;
    std::function<void()> backward;
  };

  void run_backward();

  std::vector<Step> steps_;
  std::uint64_t id_;
  Tape* outer_;
  bool used_ = false;
};

}  // namespace carousel
