#include "tests/check_op.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "autograd/gradcheck.h"
#include "core/parallel.h"
#include "kernels/kernels.h"
#include "tests/check_bf16.h"
#include "tests/on_each_device.h"
#include "tests/run_case.h"

namespace carousel {

namespace {

// A float result may differ between backends by the order of summation: some tens of roundings.
template <class Real>
constexpr double parity_tolerance = std::is_same_v<Real, float> ? 1e-5 : 1e-13;

// Forward and backward on a device, as often as asked, into the same slots.
template <class Real>
CaseRun<Real> run(const OpCase& op_case, Device device, int times = 1) {
  return run_function(function<Real>(op_case), make_inputs<Real>(op_case, device), device, times);
}

template <class Real>
void check_close(const CaseRun<Real>& a, const CaseRun<Real>& b) {
  REQUIRE(a.outputs.size() == b.outputs.size());
  for (std::size_t i = 0; i < a.outputs.size(); ++i) {
    CHECK(relative_error(a.outputs[i], b.outputs[i]) <= parity_tolerance<Real>);
  }
  for (std::size_t i = 0; i < a.gradients.size(); ++i) {
    CHECK(relative_error(a.gradients[i], b.gradients[i]) <= parity_tolerance<Real>);
  }
}

// The kernels of other devices equal those of the cpu, so that a look at a few elements will do.
void check_gradients(const OpCase& op_case, Device device) {
  const GradcheckOptions options{.elements = device == Device::cpu ? 64 : 2};
  const auto checks = gradcheck(op_case.run_double, make_inputs<double>(op_case, device), options);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const auto& check = checks[i];
    INFO("d", op_case.inputs[i].name, " at ", check.worst, ": analytic ", check.analytic,
         ", numeric ", check.numeric);
    CHECK(check.error() <= op_case.tolerance);
  }
}

template <class Real>
void check_repeats(const OpCase& op_case, Device device, const CaseRun<Real>& once) {
  const int before = threads();
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    check_identical(run<Real>(op_case, device), once);
    if (device != Device::cpu) break;
  }
  set_threads(before);

  const CaseRun<Real> twice = run<Real>(op_case, device, 2);
  for (std::size_t i = 0; i < once.gradients.size(); ++i) {
    Tensor<Real> doubled = once.gradients[i].clone();
    for (Real& value : doubled.mutable_values()) value *= 2;
    // A += of several parts need not round like twice their sum.
    CHECK(relative_error(twice.gradients[i], doubled) <= parity_tolerance<Real>);
  }
}

template <class Real>
void check_guarded(const OpCase& op_case, Device device) {
  const GuardZones guard;
  const CaseRun<Real> guarded = run<Real>(op_case, device);
  CHECK(GuardZones::damaged() == 0);
  check_finite(guarded);
}

// Uses a backend as long as it lives.
class Using {
 public:
  explicit Using(std::string_view name) : before_(backend()) { use_backend(name); }
  ~Using() { use_backend(before_); }
  Using(const Using&) = delete;
  Using& operator=(const Using&) = delete;

 private:
  std::string before_;
};

template <class Real>
CaseRun<Real> run_reference(const OpCase& op_case) {
  const Using reference("reference");
  return run<Real>(op_case, Device::cpu);
}

template <class Real>
void check_runs(const OpCase& op_case, Device device) {
  const CaseRun<Real> once = run<Real>(op_case, device);
  check_close(once, run_reference<Real>(op_case));
  check_repeats(op_case, device, once);
  check_guarded<Real>(op_case, device);
}

void check_all(const OpCase& op_case, Device device) {
  check_gradients(op_case, device);
  check_runs<float>(op_case, device);
  check_runs<double>(op_case, device);
  if (device != Device::cpu) check_bf16(op_case, device);
}

}  // namespace

template <class Real>
double relative_error(const Tensor<Real>& a, const Tensor<Real>& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::quiet_NaN();
  const Tensor<Real> left = a.to(Device::cpu), right = b.to(Device::cpu);
  double difference = 0, norm = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) {
    const double x = static_cast<double>(left.data()[i]);
    const double y = static_cast<double>(right.data()[i]);
    difference += (x - y) * (x - y);
    norm += y * y;
  }
  return difference == 0 ? 0 : std::sqrt(difference / norm);
}

template <class Real>
bool identical(const Tensor<Real>& a, const Tensor<Real>& b) {
  if (a.shape() != b.shape()) return false;
  const Tensor<Real> left = a.to(Device::cpu), right = b.to(Device::cpu);
  return std::memcmp(left.data(), right.data(), left.values().size_bytes()) == 0;
}

template bool identical(const Tensor<float>&, const Tensor<float>&);
template bool identical(const Tensor<double>&, const Tensor<double>&);
template double relative_error(const Tensor<float>&, const Tensor<float>&);
template double relative_error(const Tensor<double>&, const Tensor<double>&);

void check_op(const OpCase& op_case) {
  INFO(op_case.op, " (", op_case.note, ")");
  on_each_device([&](Device device) {
    if (device != Device::cpu) return check_all(op_case, device);
    for (const auto name : available_backends()) {
      INFO("backend ", name);
      const Using each(name);
      check_all(op_case, device);
    }
  });
}

}  // namespace carousel
