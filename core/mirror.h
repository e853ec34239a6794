// Mirror<T>: one array on the host and on a device, for what every step sends up or brings down.
//
//   Mirror<double> factor({1}, Device::cuda);
//   factor.host()[0] = 0.5;
//   factor.up();                  // asked of the device, in its order; the host goes on
//   launch(…, factor.there().data());
//   synchronize(Device::cuda);    // before the host writes again, or reads what came down
//
// On the cpu both are the same memory, and there is nothing to copy.
#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "core/tensor.h"

namespace carousel {

namespace detail {

// Host memory that a GPU copies from and to by itself.
class PinnedMemory {
 public:
  explicit PinnedMemory(std::size_t bytes);
  std::byte* data() const { return memory_.get(); }
  void send(void* to, std::size_t bytes) const;     // to the device
  void fetch(const void* from, std::size_t bytes);  // from the device

 private:
  std::unique_ptr<std::byte, void (*)(std::byte*)> memory_;
};

}  // namespace detail

template <class T>
class Mirror {
 public:
  Mirror() = default;

  // Zeros on both sides.
  explicit Mirror(const Shape& shape, Device device = Device::cpu)
      : there_(Tensor<T>::zeros(shape, device)) {
    if (device == Device::cpu) return;
    pinned_ = std::make_unique<detail::PinnedMemory>(bytes());
    std::fill_n(host().data(), there_.numel(), T{0});
  }

  bool defined() const { return there_.defined(); }
  Device device() const { return there_.device(); }
  const Shape& shape() const { return there_.shape(); }

  // On the host. To be left alone between up() or down() and synchronize().
  std::span<T> host() { return {on_host(), size()}; }
  std::span<const T> host() const { return {on_host(), size()}; }

  // On the device.
  const Tensor<T>& there() const { return there_; }
  Tensor<T>& there() { return there_; }

  // Takes the numbers along to another device. Waits for the one before.
  void move_to(Device device) {
    if (device == this->device()) return;
    synchronize(this->device());
    Mirror other(shape(), device);
    std::ranges::copy(host(), other.host().begin());
    other.up();
    *this = std::move(other);
  }

  void up() {
    if (pinned_) pinned_->send(there_.mutable_data(), bytes());
  }
  void down() {
    if (pinned_) pinned_->fetch(there_.data(), bytes());
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(there_.numel()); }
  std::size_t bytes() const { return size() * sizeof(T); }
  T* on_host() const {
    if (pinned_) return reinterpret_cast<T*>(pinned_->data());
    return Tensor<T>(there_).mutable_data();
  }

  Tensor<T> there_;
  std::unique_ptr<detail::PinnedMemory> pinned_;  // none on the cpu
};

}  // namespace carousel
