// Scratch: memory for the duration of a kernel, from the pool. Contents start undefined.
#pragma once

#include "core/storage.h"

namespace carousel::CAROUSEL_SIMD {

template <class Real>
class Scratch {
 public:
  explicit Scratch(std::int64_t size)
      : storage_(static_cast<std::size_t>(size) * sizeof(Real), Device::cpu) {}
  Real* data() const { return reinterpret_cast<Real*>(storage_.data()); }

 private:
  Storage storage_;
};

}  // namespace carousel::CAROUSEL_SIMD
