#include "tests/check_recurrent.h"

#include <doctest/doctest.h>

#include <cmath>

#include "autograd/tape.h"
#include "core/random.h"
#include "ops/layout.h"
#include "tests/check_op.h"

namespace carousel {

namespace {

// A sum of the same terms in another order: some tens of roundings.
template <class Real>
constexpr double tolerance = std::is_same_v<Real, float> ? 1e-5 : 1e-12;

template <class Real>
struct Leaves {
  Vars<Real> sequences, weights, state;
};

template <class Real>
Vars<Real> parameters(const std::vector<Tensor<Real>>& tensors) {
  Vars<Real> result;
  for (const auto& tensor : tensors) result.push_back(parameter(tensor));
  return result;
}

// Runs forward (leaves ↦ outputs) and backward on fresh leaves.
template <class Real, class Forward>
Outcome<Real> forward_and_backward(const Recurrent<Real>& r, const Forward& forward) {
  const Leaves<Real> leaves{parameters(r.sequences), parameters(r.weights), parameters(r.state)};
  Tape tape;
  const Vars<Real> outputs = forward(leaves);
  Outcome<Real> result;
  for (const auto& output : outputs) result.outputs.push_back(output.value);
  const std::vector<Tensor<Real>> upstream = upstream_of(result.outputs);
  tape.backward(std::span<const Var<Real>>(outputs), std::span<const Tensor<Real>>(upstream));
  for (const auto* group : {&leaves.sequences, &leaves.weights, &leaves.state}) {
    for (const auto& leaf : *group) result.gradients.push_back(leaf.grad->value());
  }
  return result;
}

template <class Real>
Vars<Real> slices(const Vars<Real>& vars, int axis, std::int64_t begin, std::int64_t size) {
  Vars<Real> result;
  for (const auto& var : vars) result.push_back(slice(var, axis, begin, size));
  return result;
}

// reset[b : b + B, t : t + S]
Tensor<std::int32_t> part(const Tensor<std::int32_t>& reset, std::int64_t b, std::int64_t B,
                          std::int64_t t, std::int64_t S) {
  if (!reset.defined()) return {};
  Tensor<std::int32_t> result({B, S});
  for (std::int64_t i = 0; i < B; ++i) {
    std::copy_n(reset.data() + (b + i) * reset.dim(1) + t, S, result.mutable_data() + i * S);
  }
  return result;
}

// The calls for [t, t + lengths[0]), …: y of all of them, then the last state.
template <class Real>
Vars<Real> chain(const Recurrent<Real>& r, const Leaves<Real>& leaves,
                 const std::vector<std::int64_t>& lengths) {
  Vars<Real> state = leaves.state, ys;
  std::int64_t begin = 0;
  for (const std::int64_t length : lengths) {
    const auto reset = part(r.reset, 0, r.sequences[0].dim(0), begin, length);
    Vars<Real> results =
        r.call(slices(leaves.sequences, 1, begin, length), leaves.weights, state, reset);
    ys.push_back(results[0]);
    state.assign(results.begin() + 1, results.end());
    begin += length;
  }
  Vars<Real> outputs{concat(ys, 1)};
  outputs.insert(outputs.end(), state.begin(), state.end());
  return outputs;
}

// One sequence of the batch, document by document.
template <class Real>
Vars<Real> one_by_one(const Recurrent<Real>& r, const Leaves<Real>& leaves, std::int64_t b) {
  const std::int64_t S = r.sequences[0].dim(1);
  const auto sequences = slices(leaves.sequences, 0, b, 1);
  Vars<Real> state = slices(leaves.state, 0, b, 1), ys, results;
  for (std::int64_t begin = 0, end; begin < S; begin = end) {
    const std::int32_t* const reset = r.reset.data() + b * S;
    if (reset[begin] != 0) state.clear();
    end = begin + 1;
    while (end < S && reset[end] == 0) ++end;
    results = r.call(slices(sequences, 1, begin, end - begin), leaves.weights, state, {});
    ys.push_back(results[0]);
  }
  results[0] = concat(ys, 1);
  return results;
}

// Cut into segments of the given lengths, with the state carried over.
template <class Real>
Outcome<Real> run_in_segments(const Recurrent<Real>& r, const std::vector<std::int64_t>& lengths) {
  return forward_and_backward(
      r, [&](const Leaves<Real>& leaves) { return chain(r, leaves, lengths); });
}

// The parts between resets on their own: the first from the initial state, the others from none.
template <class Real>
Outcome<Real> run_documents(const Recurrent<Real>& r) {
  return forward_and_backward(r, [&](const Leaves<Real>& leaves) {
    std::vector<Vars<Real>> parts;  // [output][sequence]
    for (std::int64_t b = 0; b < r.sequences[0].dim(0); ++b) {
      const auto results = one_by_one(r, leaves, b);
      parts.resize(results.size());
      for (std::size_t i = 0; i < results.size(); ++i) parts[i].push_back(results[i]);
    }
    Vars<Real> outputs;
    for (const auto& part_of_each : parts) outputs.push_back(concat(part_of_each, 0));
    return outputs;
  });
}

std::vector<std::vector<std::int64_t>> splits(std::int64_t S) {
  std::vector<std::vector<std::int64_t>> result{
      std::vector<std::int64_t>(static_cast<std::size_t>(S), 1)};
  for (std::int64_t first = 1; first < S; ++first) result.push_back({first, S - first});
  if (S >= 4) result.push_back({1, S - 3, 2});
  return result;
}

}  // namespace

template <class Real>
std::vector<Tensor<Real>> upstream_of(const std::vector<Tensor<Real>>& outputs) {
  std::vector<Tensor<Real>> upstream;
  for (const auto& output : outputs) {
    const Random random{11, upstream.size()};
    upstream.push_back(random_normal<Real>(output.shape(), random).to(output.device()));
  }
  return upstream;
}

template <class Real>
Outcome<Real> run(const Recurrent<Real>& r) {
  return forward_and_backward(r, [&](const Leaves<Real>& leaves) {
    return r.call(leaves.sequences, leaves.weights, leaves.state, r.reset);
  });
}

template <class Real>
void check_segments(const Recurrent<Real>& r) {
  const Outcome<Real> whole = run(r);
  for (const auto& lengths : splits(r.sequences[0].dim(1))) {
    INFO(lengths.size(), " segments, the first of length ", lengths[0]);
    const Outcome<Real> cut = run_in_segments(r, lengths);
    CHECK(worst_error(cut.outputs, whole.outputs) <= tolerance<Real>);
    CHECK(worst_error(cut.gradients, whole.gradients) <= tolerance<Real>);
  }
}

template <class Real>
void check_documents(const Recurrent<Real>& r) {
  const Outcome<Real> whole = run(r), apart = run_documents(r);
  REQUIRE(whole.outputs.size() == apart.outputs.size());
  for (std::size_t i = 0; i < whole.outputs.size(); ++i) {
    INFO("output ", i);
    CHECK(identical(whole.outputs[i], apart.outputs[i]));
  }
  CHECK(worst_error(apart.gradients, whole.gradients) <= tolerance<Real>);
}

template <class Real>
double worst_error(const std::vector<Tensor<Real>>& a, const std::vector<Tensor<Real>>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double error = relative_error(a[i], b[i]);
    if (!(error <= worst)) worst = error;
    if (std::isnan(worst)) break;
  }
  return worst;
}

template std::vector<Tensor<float>> upstream_of(const std::vector<Tensor<float>>&);
template std::vector<Tensor<double>> upstream_of(const std::vector<Tensor<double>>&);
template Outcome<float> run(const Recurrent<float>&);
template Outcome<double> run(const Recurrent<double>&);
template void check_segments(const Recurrent<float>&);
template void check_segments(const Recurrent<double>&);
template void check_documents(const Recurrent<float>&);
template void check_documents(const Recurrent<double>&);
template double worst_error(const std::vector<Tensor<float>>&, const std::vector<Tensor<float>>&);
template double worst_error(const std::vector<Tensor<double>>&, const std::vector<Tensor<double>>&);

}  // namespace carousel
