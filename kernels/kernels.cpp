#include "kernels/kernels.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>

#include "core/error.h"
#include "kernels/reference/reference.h"

namespace carousel {

namespace {

constexpr std::array<std::string_view, 1> backends{"reference"};

std::size_t index_of(std::string_view name) {
  const auto found = std::find(backends.begin(), backends.end(), name);
  CAROUSEL_CHECK(found != backends.end(), "backend: got \"{}\", want one of: {}", name,
                 fmt::join(backends, ", "));
  return static_cast<std::size_t>(found - backends.begin());
}

std::atomic<std::size_t>& chosen() {
  static std::atomic<std::size_t> index = [] {
    const char* const forced = std::getenv("CAROUSEL_BACKEND");
    return forced == nullptr ? backends.size() - 1 : index_of(forced);
  }();
  return index;
}

}  // namespace

template <class Real>
const Kernels<Real>& kernels(Device device) {
  CAROUSEL_CHECK(device == Device::cpu, "kernels: device got {}, but this build has only cpu",
                 name(device));
  static const std::array<const Kernels<Real>*, backends.size()> tables{&reference::table<Real>()};
  return *tables[chosen()];
}

void use_backend(std::string_view name) { chosen() = index_of(name); }
std::span<const std::string_view> available_backends() { return backends; }
std::string_view backend() { return backends[chosen()]; }

template const Kernels<float>& kernels(Device);
template const Kernels<double>& kernels(Device);

}  // namespace carousel
