#include "core/random.h"

#include <cmath>
#include <numbers>

#include "core/parallel.h"

namespace carousel {

namespace {

double to_unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

template <class Real, class Draw>
Tensor<Real> draw_all(const Shape& shape, const Draw& draw) {
  Tensor<Real> result(shape);
  Real* const out = result.mutable_data();
  parallel_for(result.numel(), 1024, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      out[i] = static_cast<Real>(draw(static_cast<std::uint64_t>(i)));
    }
  });
  return result;
}

}  // namespace

Random Random::named(std::string_view name) const {
  std::uint64_t hash = 0xCBF29CE484222325 ^ stream;  // FNV-1a
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return {seed, hash};
}

double Random::uniform(std::uint64_t index) const { return to_unit(bits(index)); }

double Random::normal(std::uint64_t index) const {
  const auto [first, second] = pair_bits(index / 2);
  const double radius = std::sqrt(-2 * std::log(1 - to_unit(first)));
  const double angle = 2 * std::numbers::pi * to_unit(second);
  return radius * (index % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

std::uint64_t Random::below(std::uint64_t bound, std::uint64_t index) const {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{bits(index)} * bound) >> 64);
}

template <class Real>
Tensor<Real> random_normal(const Shape& shape, Random random, double stddev, double mean) {
  return draw_all<Real>(shape, [&](std::uint64_t i) { return mean + stddev * random.normal(i); });
}

template <class Real>
Tensor<Real> random_uniform(const Shape& shape, Random random, double low, double high) {
  return draw_all<Real>(shape,
                        [&](std::uint64_t i) { return low + (high - low) * random.uniform(i); });
}

template Tensor<float> random_normal(const Shape&, Random, double, double);
template Tensor<double> random_normal(const Shape&, Random, double, double);
template Tensor<float> random_uniform(const Shape&, Random, double, double);
template Tensor<double> random_uniform(const Shape&, Random, double, double);

}  // namespace carousel
