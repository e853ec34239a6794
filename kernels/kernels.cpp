#include "kernels/kernels.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <vector>

#include "core/error.h"
#include "kernels/cuda/cuda.h"
#include "kernels/reference/reference.h"
#ifdef CAROUSEL_AVX2
#include "kernels/avx2/avx2.h"
#include "kernels/avx512/avx512.h"
#endif

namespace carousel {

namespace {

// The tables that this build and this machine have, the fastest last.
template <class Real>
const std::vector<const Kernels<Real>*>& tables() {
  static const auto all = [] {
    std::vector<const Kernels<Real>*> result{&reference::table<Real>()};
#ifdef CAROUSEL_AVX2
    if (avx2::available()) result.push_back(&avx2::table<Real>());
    if (avx512::available()) result.push_back(&avx512::table<Real>());
#endif
    return result;
  }();
  return all;
}

std::size_t index_of(std::string_view name) {
  const auto names = available_backends();
  const auto found = std::find(names.begin(), names.end(), name);
  CAROUSEL_CHECK(found != names.end(), "backend: got \"{}\", want one of: {}", name,
                 fmt::join(names, ", "));
  return static_cast<std::size_t>(found - names.begin());
}

std::atomic<std::size_t>& chosen() {
  static std::atomic<std::size_t> index = [] {
    const char* const forced = std::getenv("CAROUSEL_BACKEND");
    return forced == nullptr ? available_backends().size() - 1 : index_of(forced);
  }();
  return index;
}

}  // namespace

template <class Real>
const Kernels<Real>& kernels(Device device) {
  if (device == Device::cuda) {
    check_available(device);
    return cuda::table<Real>();
  }
  return *tables<Real>()[chosen()];
}

template <>
const Kernels<bf16>& kernels(Device device) {
  CAROUSEL_CHECK(device == Device::cuda,
                 "bf16: got device {}, want cuda: no other one computes in it", name(device));
  check_available(device);
  return cuda::table<bf16>();
}

void use_backend(std::string_view name) { chosen() = index_of(name); }

std::span<const std::string_view> available_backends() {
  static const auto names = [] {
    std::vector<std::string_view> result;
    for (const auto* table : tables<float>()) result.emplace_back(table->name);
    return result;
  }();
  return names;
}

std::string_view backend() { return available_backends()[chosen()]; }

template const Kernels<float>& kernels(Device);
template const Kernels<double>& kernels(Device);

}  // namespace carousel
