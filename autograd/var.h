// Var: a value and the slot its gradient is added to.
#pragma once

#include <memory>
#include <vector>

#include "core/tensor.h"

namespace carousel {

// Where the gradient of one value is collected. Slots only ever receive +=: fan-out, tied weights,
// micro-batches and truncated backpropagation through time all follow from this one rule.
template <class Real>
class Gradient {
 public:
  Gradient(const Shape& shape, Device device, std::uint64_t tape)
      : shape_(shape), device_(device), tape_(tape) {}

  // The buffer to add into: zeros before the first arrival.
  Real* accumulate();

  // The same for a kernel that can write as well as add: the first to arrive finds a buffer with
  // undefined contents and writes.
  struct Arrival {
    Real* to;
    bool first;
  };
  Arrival arrive();

  // += a tensor of the slot's shape, from any device. On the device after the first arrival it goes
  // through the host, which waits; ops add with kernels.
  void add(const Tensor<Real>& gradient);

  bool arrived() const { return arrived_; }

  // What has arrived so far, in the slot's own memory: what arrives later shows. Zeros when nothing
  // has arrived.
  Tensor<Real> value() const;

  // Takes the buffer's memory now, not at the first arrival.
  void reserve();

  // Takes the slot to a device, with what has arrived.
  void move_to(Device device);

  // Forgets what has arrived and keeps the memory.
  void clear() { arrived_ = false; }

  // The tape whose step owns this slot; 0 for a parameter.
  std::uint64_t tape() const { return tape_; }

 private:
  Shape shape_;
  Device device_;
  std::uint64_t tape_;
  Tensor<Real> sum_;
  bool arrived_ = false;
};

template <class Real>
using Slot = std::shared_ptr<Gradient<Real>>;

// The buffer of a wanted gradient, or null where none is wanted: what backward kernels take.
template <class Real>
Real* into(const Slot<Real>& slot) {
  return slot ? slot->accumulate() : nullptr;
}

// A value with a gradient slot; a null slot means constant. An undefined Var means "none".
// Values are immutable once in a Var: only the optimiser writes parameters, with no tape open.
template <class Real>
struct Var {
  Tensor<Real> value;
  Slot<Real> grad;

  Var() = default;
  Var(Tensor<Real> constant) : value(std::move(constant)) {}  // NOLINT: a tensor is a constant
  Var(Tensor<Real> tensor, Slot<Real> slot) : value(std::move(tensor)), grad(std::move(slot)) {}

  bool defined() const { return value.defined(); }
  bool wanted() const { return grad != nullptr; }
  const Shape& shape() const { return value.shape(); }
  int rank() const { return value.rank(); }
  std::int64_t dim(int axis) const { return value.dim(axis); }
  std::int64_t numel() const { return value.numel(); }
  Device device() const { return value.device(); }
  const Real* data() const { return value.data(); }  // null when undefined
};

// A leaf that wants a gradient.
template <class Real>
Var<Real> parameter(Tensor<Real> value) {
  auto slot = std::make_shared<Gradient<Real>>(value.shape(), value.device(), 0);
  return {std::move(value), std::move(slot)};
}

// The same value as a constant: cuts the graph, as truncated backpropagation does between segments.
template <class Real>
Var<Real> detach(const Var<Real>& x) {
  return {x.value};
}

extern template class Gradient<float>;
extern template class Gradient<double>;
extern template class Gradient<bf16>;

}  // namespace carousel
