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

template <class T>
T number(double value) {
  if constexpr (std::is_same_v<T, double>) return value;
  return static_cast<T>(static_cast<float>(value));
}

}  // namespace

std::int64_t Draws::below(std::int64_t bound) {
  return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(bound), next++));
}

std::int64_t Draws::choice(std::int64_t bound) {
  const std::int64_t chosen = below(bound);
  drawn += fmt::format(" #{}", chosen);
  return chosen;
}

// Values become numbers that T holds, narrow ones numbers that bf16 holds. In a neighbour they are
// moved by up to ± last_place / 2, narrow ones by up to what rounding them may change.
template <class T>
template <class Value>
Tensor<T> Arrays<T>::filled(std::int64_t n, double last_place, const Value& value) {
  const bool narrow = draws_.of_bf16 && !wide_;
  if (narrow) last_place = 0x1p-7;
  const bool moved = draws_.neighbour > 0 && last_place > 0;
  const Random noise{draws_.neighbour, last_place > 0 ? draws_.next++ : 0};
  Tensor<T> result({n});
  for (std::int64_t i = 0; i < n; ++i) {
    double x = value(i);
    if (narrow) x = bf16(static_cast<float>(x));
    if (moved) {
      x *= 1 + last_place * (noise.uniform(static_cast<std::uint64_t>(i)) - 0.5);
      x = static_cast<float>(x);
    }
    result.mutable_data()[i] = number<T>(x);
  }
  return result.to(draws_.device);
}

template <class T>
Tensor<T> Arrays<T>::normal(std::int64_t n, double stddev, double mean) {
  const auto numbers = normal_numbers().values();
  auto at = static_cast<std::size_t>(draws_.below(normal_numbers().numel()));
  return filled(n, 0x1p-22, [&](std::int64_t) {
    const double x = mean + stddev * static_cast<double>(numbers[at]);
    if (++at == numbers.size()) at = 0;
    return static_cast<double>(static_cast<float>(x));
  });
}

template <class T>
const T* Arrays<T>::input(std::int64_t n, double stddev, double mean) {
  return memory_.emplace_back(normal(n, stddev, mean)).data();
}

template <class T>
const T* Arrays<T>::optional(std::int64_t n, double stddev, double mean) {
  return draws_.choice(2) == 1 ? input(n, stddev, mean) : nullptr;
}

template <class T>
const T* Arrays<T>::rounded(const double* x, std::int64_t n) {
  if (x == nullptr) return nullptr;
  return memory_.emplace_back(filled(n, 0, [&](std::int64_t i) { return x[i]; })).data();
}

template <class T>
T* Arrays<T>::output(std::int64_t n) {
  return results_.emplace_back(Shape{n}, draws_.device).mutable_data();
}

template <class T>
T* Arrays<T>::sum(std::int64_t n, double stddev, double mean) {
  return results_.emplace_back(normal(n, stddev, mean)).mutable_data();
}

template <class T>
T* Arrays<T>::workspace(std::int64_t n) {
  return memory_.emplace_back(Shape{n}, draws_.device).mutable_data();
}

template <class T>
void Arrays<T>::add_results(std::vector<TrialResult>& all) const {
  for (const auto& result : results_)
    all.push_back({result.to(Device::cpu).template to<double>(), wide_});
}

template <class Real>
Trial<double>& Trial<Real>::earlier() {
  earlier_ = std::make_unique<Trial<double>>(
      Draws{random.named("earlier"), neighbour, Device::cpu, of_bf16});
  return *earlier_;
}

template <class Real>
std::string Trial<Real>::sizes_and_choices() const {
  return earlier_ == nullptr ? drawn : fmt::format("{} |{}", earlier_->sizes_and_choices(), drawn);
}

template <class Real>
std::int64_t Trial<Real>::size(std::int64_t usual) {
  constexpr std::array<std::int64_t, 8> small{1, 1, 2, 3, 5, 7, 11, 13};
  const std::int64_t limit = below(8) == 0 ? 4 * usual : usual, kind = below(3);
  std::int64_t size = 1 + below(limit);
  if (kind == 0) size = small[static_cast<std::size_t>(below(8))];
  if (kind == 1) size = (size + 7) / 8 * 8 + below(3) - 1;
  size = std::min(size, limit);
  drawn += fmt::format(" {}", size);
  return size;
}

template <class Real>
std::int64_t Trial<Real>::length() {
  constexpr std::array<std::int64_t, 4> usual{16, 128, 1024, 8192};
  return size(usual[static_cast<std::size_t>(below(4))]);
}

template <class Real>
const std::int32_t* Trial<Real>::integers(std::int64_t n, std::int64_t low, std::int64_t high) {
  Tensor<std::int32_t> result({n});
  for (std::int32_t& value : result.mutable_values()) {
    value = static_cast<std::int32_t>(low + below(high - low));
  }
  return integers_.emplace_back(result.to(device)).data();
}

template <class Real>
std::int64_t Trial<Real>::count_from_zero() const {
  const auto host = integers_.back().to(Device::cpu);
  return std::ranges::count_if(host.values(), [](std::int32_t value) { return value >= 0; });
}

template <class Real>
const double* Trial<Real>::doubles(std::span<const double> values) {
  const Shape shape{static_cast<std::int64_t>(values.size())};
  return doubles_.emplace_back(Tensor<double>::from(shape, values).to(device)).data();
}

template <class Real>
const std::int32_t* Trial<Real>::resets(std::int64_t n) {
  if (!flip()) return nullptr;
  Tensor<std::int32_t> result({n});
  for (std::int32_t& value : result.mutable_values()) value = below(6) == 0 ? 1 : 0;
  return integers_.emplace_back(result.to(device)).data();
}

template <class Real>
const std::int32_t* Trial<Real>::copied(const std::int32_t* x, std::int64_t n) {
  if (x == nullptr) return nullptr;
  const auto copy = Tensor<std::int32_t>::from({n}, {x, static_cast<std::size_t>(n)});
  return integers_.emplace_back(copy.to(device)).data();
}

template <class Real>
double* Trial<Real>::double_sum() {
  return double_results_.emplace_back(Tensor<double>::full({1}, 1, device)).mutable_data();
}

template <class Real>
std::vector<TrialResult> Trial<Real>::results() const {
  std::vector<TrialResult> all;
  this->add_results(all);
  wide_.add_results(all);
  for (const auto& result : double_results_) all.push_back({result.to(Device::cpu), true});
  return all;
}

template class Arrays<bf16>;
template class Arrays<float>;
template class Arrays<double>;
template class Trial<bf16>;
template class Trial<float>;
template class Trial<double>;

}  // namespace carousel
