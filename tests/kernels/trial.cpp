#include "tests/kernels/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace carousel {

namespace {

// Normal numbers that everything is cut from: to draw each anew would take most of the time.
const Tensor<float>& normal_numbers() {
  static const Tensor<float> numbers =
      random_normal<float>({100003}, Random{}.named("normal numbers of trials"));
  return numbers;
}

}  // namespace

template <class Real>
Trial<double>& Trial<Real>::earlier() {
  earlier_ = std::make_unique<Trial<double>>(random_.named("earlier"), neighbour_);
  return *earlier_;
}

template <class Real>
std::string Trial<Real>::drawn() const {
  return earlier_ == nullptr ? drawn_ : fmt::format("{} |{}", earlier_->drawn(), drawn_);
}

template <class Real>
std::int64_t Trial<Real>::below(std::int64_t bound) {
  return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(bound), next_++));
}

template <class Real>
std::int64_t Trial<Real>::choice(std::int64_t bound) {
  const std::int64_t chosen = below(bound);
  drawn_ += fmt::format(" #{}", chosen);
  return chosen;
}

template <class Real>
std::int64_t Trial<Real>::size(std::int64_t usual) {
  constexpr std::array<std::int64_t, 8> small{1, 1, 2, 3, 5, 7, 11, 13};
  const std::int64_t limit = below(8) == 0 ? 4 * usual : usual, kind = below(3);
  std::int64_t drawn = 1 + below(limit);
  if (kind == 0) drawn = small[static_cast<std::size_t>(below(8))];
  if (kind == 1) drawn = (drawn + 7) / 8 * 8 + below(3) - 1;
  drawn = std::min(drawn, limit);
  drawn_ += fmt::format(" {}", drawn);
  return drawn;
}

template <class Real>
std::int64_t Trial<Real>::length() {
  constexpr std::array<std::int64_t, 4> usual{16, 128, 1024, 8192};
  return size(usual[static_cast<std::size_t>(below(4))]);
}

template <class Real>
Tensor<Real> Trial<Real>::normal(std::int64_t n, double stddev, double mean) {
  const auto numbers = normal_numbers().values();
  auto at = static_cast<std::size_t>(below(normal_numbers().numel()));
  const Random noise{neighbour_, next_++};
  Tensor<Real> result({n});
  for (std::int64_t i = 0; i < n; ++i) {
    double value = mean + stddev * static_cast<double>(numbers[at]);
    if (neighbour_ > 0) value *= 1 + 0x1p-22 * (noise.uniform(static_cast<std::uint64_t>(i)) - 0.5);
    result.mutable_data()[i] = static_cast<Real>(static_cast<float>(value));
    if (++at == numbers.size()) at = 0;
  }
  return result.to(device_);
}

template <class Real>
const Real* Trial<Real>::input(std::int64_t n, double stddev, double mean) {
  return memory_.emplace_back(normal(n, stddev, mean)).data();
}

template <class Real>
const Real* Trial<Real>::optional(std::int64_t n, double stddev, double mean) {
  return flip() ? input(n, stddev, mean) : nullptr;
}

template <class Real>
const std::int32_t* Trial<Real>::integers(std::int64_t n, std::int64_t low, std::int64_t high) {
  Tensor<std::int32_t> result({n});
  for (std::int32_t& value : result.mutable_values()) {
    value = static_cast<std::int32_t>(low + below(high - low));
  }
  return integers_.emplace_back(result.to(device_)).data();
}

template <class Real>
std::int64_t Trial<Real>::count_from_zero() const {
  const auto host = integers_.back().to(Device::cpu);
  return std::ranges::count_if(host.values(), [](std::int32_t value) { return value >= 0; });
}

template <class Real>
const std::int32_t* Trial<Real>::resets(std::int64_t n) {
  if (!flip()) return nullptr;
  Tensor<std::int32_t> result({n});
  for (std::int32_t& value : result.mutable_values()) value = below(6) == 0 ? 1 : 0;
  return integers_.emplace_back(result.to(device_)).data();
}

template <class Real>
const Real* Trial<Real>::rounded(const double* x, std::int64_t n) {
  if (x == nullptr) return nullptr;
  Tensor<Real> result({n});
  std::transform(x, x + n, result.mutable_data(),
                 [](double value) { return static_cast<Real>(value); });
  return memory_.emplace_back(result.to(device_)).data();
}

template <class Real>
const std::int32_t* Trial<Real>::copied(const std::int32_t* x, std::int64_t n) {
  if (x == nullptr) return nullptr;
  const auto copy = Tensor<std::int32_t>::from({n}, {x, static_cast<std::size_t>(n)});
  return integers_.emplace_back(copy.to(device_)).data();
}

template <class Real>
Real* Trial<Real>::output(std::int64_t n) {
  return results_.emplace_back(Shape{n}, device_).mutable_data();
}

template <class Real>
Real* Trial<Real>::sum(std::int64_t n, double stddev, double mean) {
  return results_.emplace_back(normal(n, stddev, mean)).mutable_data();
}

template <class Real>
double* Trial<Real>::double_sum() {
  return double_results_.emplace_back(Tensor<double>::full({1}, 1, device_)).mutable_data();
}

template <class Real>
Real* Trial<Real>::workspace(std::int64_t n) {
  return memory_.emplace_back(Shape{n}, device_).mutable_data();
}

template <class Real>
std::vector<Tensor<double>> Trial<Real>::results() const {
  std::vector<Tensor<double>> all;
  for (const auto& result : results_) {
    all.push_back(result.to(Device::cpu).template to<double>());
  }
  for (const auto& result : double_results_) all.push_back(result.to(Device::cpu));
  return all;
}

template class Trial<float>;
template class Trial<double>;

}  // namespace carousel
