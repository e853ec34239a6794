// parameters: every parameter of a module with its name. move_to: all of them to a device.
//
// A module is a plain struct that names its members once:
//
//   template <class Visitor>
//   void visit(Visitor&& v) const { v("proj_up", proj_up); v("blocks", blocks); }
//
// A member is a Var (an undefined one is skipped), a module, a std::optional module, a std::variant
// of modules, or a std::vector of modules, named 0, 1, …
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "autograd/tape.h"

namespace carousel {

// A parameter and its official name. The Var shares storage and gradient slot with the module's.
template <class Real>
struct NamedParameter {
  std::string name;
  Var<Real> var;
};

namespace detail {

// A visitor that walks depth first and joins the names with dots.
template <class Real>
class ParameterCollector {
 public:
  void operator()(std::string_view name, const Var<Real>& var) {
    if (var.defined()) found_.push_back({path_ + std::string(name), var});
  }

  template <class Module>
  void operator()(std::string_view name, const Module& module) {
    const std::size_t outside = path_.size();
    path_.append(name).append(".");
    module.visit(*this);
    path_.resize(outside);
  }

  template <class Module>
  void operator()(std::string_view name, const std::optional<Module>& module) {
    if (module) (*this)(name, *module);
  }

  template <class... Modules>
  void operator()(std::string_view name, const std::variant<Modules...>& module) {
    std::visit([&](const auto& alternative) { (*this)(name, alternative); }, module);
  }

  template <class Module>
  void operator()(std::string_view name, const std::vector<Module>& modules) {
    for (std::size_t i = 0; i < modules.size(); ++i) {
      (*this)(fmt::format("{}.{}", name, i), modules[i]);
    }
  }

  std::vector<NamedParameter<Real>> take() { return std::move(found_); }

 private:
  std::string path_;
  std::vector<NamedParameter<Real>> found_;
};

}  // namespace detail

// Every parameter that a module's visit names, in that order.
template <class Real, class Module>
std::vector<NamedParameter<Real>> parameters(const Module& module) {
  detail::ParameterCollector<Real> collector;
  module.visit(collector);
  return collector.take();
}

// Moves every parameter, value and gradient, to a device, for all who share it: copies of the
// module and its optimiser. Throws Error while a tape is open, which has saved the values, and when
// the device is missing.
template <class Real, class Module>
void move_to(const Module& module, Device device) {
  check_available(device);
  CAROUSEL_CHECK(Tape::current() == nullptr,
                 "move_to: a tape is open, which has saved the values that would move");
  for (auto& [name, var] : parameters<Real>(module)) {
    var.value.move_to(device);
    var.grad->move_to(device);
  }
}

}  // namespace carousel
