// Initial values. They are a function of the seed and of the parameter's name: neither the order in
// which a model is put together nor its element type changes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "autograd/var.h"
#include "core/random.h"

namespace carousel {

// The place of a module or parameter in a model: init["blocks"][0]["proj_up"]["weight"] has the
// official name blocks.0.proj_up.weight, and draws from the random stream of that name.
class Init {
 public:
  explicit Init(std::uint64_t seed) : seed_(seed) {}

  Init operator[](std::string_view member) const;
  Init operator[](std::int64_t index) const;

  template <class Real>
  Var<Real> normal(const Shape& shape, double stddev) const;
  // In [−bound, bound).
  template <class Real>
  Var<Real> uniform(const Shape& shape, double bound) const;

 private:
  Random stream() const { return Random{seed_}.named(name_); }

  std::uint64_t seed_;
  std::string name_;
};

// A parameter with the same value everywhere.
template <class Real>
Var<Real> constant(const Shape& shape, double value);

// A parameter (count) of evenly spaced values, both ends included; a single one is the first.
template <class Real>
Var<Real> linspace(double first, double last, std::int64_t count);

// Standard deviations. small_init: Nguyen and Salazar 2019, "Transformers without tears", variance
// 2 / (5 dim). wang_init: Wang and Komatsuzaki 2021, GPT-J, variance (2 / (blocks √dim))².
double small_init(std::int64_t dim);
double wang_init(std::int64_t dim, std::int64_t blocks);

}  // namespace carousel
