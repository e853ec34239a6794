// Tensor<T>: a contiguous row-major array with shared storage.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "core/bf16.h"
#include "core/error.h"
#include "core/memory.h"
#include "core/shape.h"
#include "core/storage.h"

namespace carousel {

// Copies share storage; clone() copies elements. T is float, double, bf16 or std::int32_t.
// A default-constructed tensor is undefined: no storage, and every op reads it as "none".
template <class T>
class Tensor {
 public:
  Tensor() = default;

  // Elements start undefined.
  explicit Tensor(const Shape& shape, Device device = Device::cpu)
      : shape_(shape), storage_(static_cast<std::size_t>(shape.numel()) * sizeof(T), device) {}

  static Tensor full(const Shape& shape, T value, Device device = Device::cpu) {
    Tensor result(shape, device);
    result.fill(value);
    return result;
  }

  static Tensor zeros(const Shape& shape, Device device = Device::cpu) {
    return full(shape, T{0}, device);
  }

  // Throws Error unless there is one value per element.
  static Tensor from(const Shape& shape, std::span<const T> values) {
    CAROUSEL_CHECK(std::cmp_equal(values.size(), shape.numel()),
                   "Tensor: got {} values for shape {}, want {}", values.size(), shape,
                   shape.numel());
    Tensor result(shape);
    std::copy(values.begin(), values.end(), result.mutable_data());
    return result;
  }
  static Tensor from(const Shape& shape, std::initializer_list<T> values) {
    return from(shape, std::span<const T>(values.begin(), values.size()));
  }

  bool defined() const { return static_cast<bool>(storage_); }
  const Shape& shape() const { return shape_; }
  int rank() const { return shape_.rank(); }
  std::int64_t dim(int axis) const { return shape_[axis]; }
  std::int64_t numel() const { return defined() ? shape_.numel() : 0; }
  Device device() const { return storage_.device(); }
  bool shared() const { return storage_.shared(); }  // with other tensors

  const T* data() const { return reinterpret_cast<const T*>(storage_.data()); }
  T* mutable_data() { return reinterpret_cast<T*>(storage_.data()); }

  // The elements, for the host to read or write. Throws Error when they are on another device.
  std::span<const T> values() const { return {on_host().data(), size()}; }
  std::span<T> mutable_values() { return {on_host().mutable_data(), size()}; }

  void fill(T value) { fill_memory(mutable_data(), device(), &value, sizeof(T), size()); }

  // The only element. Throws Error when there is not exactly one.
  T item() const {
    CAROUSEL_CHECK(numel() == 1, "Tensor: item() on shape {}, want one element", shape_);
    return *to(Device::cpu).data();
  }

  // The same storage under another shape. Throws Error when the element counts differ.
  Tensor reshape(const Shape& shape) const {
    CAROUSEL_CHECK(shape.numel() == numel(), "Tensor: cannot reshape {} to {}", shape_, shape);
    Tensor result = *this;
    result.shape_ = shape;
    return result;
  }

  // A deep copy.
  Tensor clone() const {
    if (!defined()) return {};
    Tensor result(shape_, device());
    result.copy_from(*this);
    return result;
  }

  // The same elements on a device: this tensor when it is there already, else a deep copy.
  Tensor to(Device device) const {
    if (!defined() || device == this->device()) return *this;
    Tensor result(shape_, device);
    result.copy_from(*this);
    return result;
  }

  // Moves the elements to a device, for every tensor that shares them.
  void move_to(Device device) { storage_.move_to(device); }

  // A deep copy on the same device with other elements: to<double>() of a float tensor is exact.
  template <class U>
  Tensor<U> to() const {
    if (!defined()) return {};
    const Tensor host = to(Device::cpu);
    Tensor<U> result(shape_);
    std::transform(host.data(), host.data() + numel(), result.mutable_data(),
                   [](T value) { return static_cast<U>(value); });
    return result.to(device());
  }

  // Takes the elements of a tensor of equal shape on any device. Throws Error for other shapes.
  void copy_from(const Tensor& other) {
    CAROUSEL_CHECK(shape_ == other.shape_, "Tensor: cannot copy shape {} to {}", other.shape_,
                   shape_);
    copy_memory(mutable_data(), device(), other.data(), other.device(), size() * sizeof(T));
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(numel()); }
  const Tensor& on_host() const {
    CAROUSEL_CHECK(device() == Device::cpu, "Tensor: the elements of shape {} are on device {}",
                   shape_, name(device()));
    return *this;
  }
  Tensor& on_host() {
    std::as_const(*this).on_host();
    return *this;
  }

  Shape shape_;
  Storage storage_;
};

}  // namespace carousel
