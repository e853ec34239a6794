#include "nn/init.h"

#include <cmath>

namespace carousel {

Init Init::operator[](std::string_view member) const {
  Init inner = *this;
  inner.name_ = name_.empty() ? std::string(member) : fmt::format("{}.{}", name_, member);
  return inner;
}

Init Init::operator[](std::int64_t index) const { return (*this)[fmt::format("{}", index)]; }

template <class Real>
Var<Real> Init::normal(const Shape& shape, double stddev) const {
  return parameter(random_normal<Real>(shape, stream(), stddev));
}

template <class Real>
Var<Real> Init::uniform(const Shape& shape, double bound) const {
  return parameter(random_uniform<Real>(shape, stream(), -bound, bound));
}

template <class Real>
Var<Real> constant(const Shape& shape, double value) {
  return parameter(Tensor<Real>::full(shape, static_cast<Real>(value)));
}

template <class Real>
Var<Real> linspace(double first, double last, std::int64_t count) {
  Tensor<Real> values({count});
  for (std::int64_t i = 0; i < count; ++i) {
    const double share = count == 1 ? 0 : static_cast<double>(i) / static_cast<double>(count - 1);
    values.mutable_data()[i] = static_cast<Real>(first + (last - first) * share);
  }
  return parameter(values);
}

double small_init(std::int64_t dim) { return std::sqrt(2 / (5 * static_cast<double>(dim))); }

double wang_init(std::int64_t dim, std::int64_t blocks) {
  return 2 / (static_cast<double>(blocks) * std::sqrt(static_cast<double>(dim)));
}

template Var<float> Init::normal(const Shape&, double) const;
template Var<double> Init::normal(const Shape&, double) const;
template Var<float> Init::uniform(const Shape&, double) const;
template Var<double> Init::uniform(const Shape&, double) const;
template Var<float> constant(const Shape&, double);
template Var<double> constant(const Shape&, double);
template Var<float> linspace(double, double, std::int64_t);
template Var<double> linspace(double, double, std::int64_t);

}  // namespace carousel
