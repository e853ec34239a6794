// Where an op computes: on the one device that its tensors are on.
//
//   const auto& k = kernels_for("linear", x, weight, bias);  // Error unless they are on one device
//   Tensor<Real> y(shape, x.device());                       // results, workspaces, what is saved
//   const auto there = reset.to(x.device());                 // ids, targets and resets follow
//
// Ids and targets are checked where the host can read them. Those that are on another device
// already have been checked by whoever brought them there: an op reads nothing from a device.
#pragma once

#include <vector>

#include "autograd/var.h"
#include "kernels/kernels.h"

namespace carousel {

namespace detail {

[[noreturn]] void fail_two_devices(const char* op, Device one, Device other);

template <class Real>
void check_device(const char* op, Device device, const Var<Real>& x) {
  if (x.defined() && x.device() != device) [[unlikely]]
    fail_two_devices(op, device, x.device());
}

template <class Real>
void check_device(const char* op, Device device, const std::vector<Var<Real>>& list) {
  for (const auto& x : list) check_device(op, device, x);
}

}  // namespace detail

// The kernels of the device that x is on. Throws Error in the op's name, naming both devices, when
// one of the others, each a Var or a vector of them, is defined and on another device.
template <class Real, class... Others>
const Kernels<Real>& kernels_for([[maybe_unused]] const char* op, const Var<Real>& x,
                                 const Others&... others) {
  (detail::check_device(op, x.device(), others), ...);
  return kernels<Real>(x.device());
}

}  // namespace carousel
