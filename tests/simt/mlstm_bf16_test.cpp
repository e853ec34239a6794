// The mLSTM with bfloat16 channels, float gates and states, against the reference in double from
// the same numbers. bfloat16 has 8 digits: a rounding is up to 2^-9 = 2e-3, and what is measured is
// the sum of many of them.

#include <cuda_bf16.h>
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "core/random.h"
#include "kernels/cuda/mlstm_chunkwise.h"
#include "kernels/cuda/tile_product_bf16.h"
#include "kernels/reference/reference.h"
#include "tests/simt/device_array.h"

namespace carousel {

namespace {

constexpr double tolerance = 1e-2;

// Numbers on the host in double, and the same on the device.
template <class Element>
struct Array {
  std::vector<double> host;
  DeviceArray<Element> device;

  explicit Array(const std::vector<double>& values)
      : host(rounded(values)), device(std::vector<Element>(elements(host))) {}

  static std::vector<Element> elements(const std::vector<double>& values) {
    std::vector<Element> result;
    for (const double x : values) result.push_back(static_cast<Element>(static_cast<float>(x)));
    return result;
  }
  static std::vector<double> rounded(const std::vector<double>& values) {
    std::vector<double> result;
    for (const Element x : elements(values)) result.push_back(static_cast<float>(x));
    return result;
  }
};
using Channels = Array<__nv_bfloat16>;
using Scalars = Array<float>;

std::vector<double> normal(std::int64_t n, double spread, double mean, std::uint64_t stream) {
  const auto x = random_normal<double>({n}, Random{21, stream}, spread, mean);
  return {x.values().begin(), x.values().end()};
}

// What the kernel has written, beside what it should have.
template <class Element>
void check_close(const char* what, const Array<Element>& x) {
  const auto got = x.device.values();
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = static_cast<double>(static_cast<float>(got[i])) - x.host[i];
    difference += error * error;
    norm += x.host[i] * x.host[i];
  }
  INFO(std::string(what), ": ", std::sqrt(difference / norm));
  CHECK(std::sqrt(difference) <= tolerance * std::sqrt(norm));
}

struct Sizes {
  std::int64_t B, S, NH, DHqk, DHv, chunk_size;

  std::int64_t rows() const { return B * S * NH; }
  std::int64_t heads() const { return B * NH; }
  std::int64_t state() const { return heads() * DHqk * DHv; }
  std::int64_t saved() const { return (S - 1) / chunk_size; }
};

// Inputs, and queries and keys of positive mean: den is never near 0, where h has a pole.
struct Inputs {
  Channels q, k, v;
  Scalars i, f, c0, n0, m0;
  std::vector<std::int32_t> reset;
  DeviceArray<std::int32_t> device_reset;

  explicit Inputs(const Sizes& s)
      : q(normal(s.rows() * s.DHqk, 0.5, 1, 0)),
        k(normal(s.rows() * s.DHqk, 0.5, 1, 1)),
        v(normal(s.rows() * s.DHv, 1, 0, 2)),
        i(normal(s.rows(), 1.5, 0, 3)),
        f(normal(s.rows(), 2, 2, 4)),
        c0(normal(s.state(), 1, 0, 5)),
        n0(normal(s.heads() * s.DHqk, 0.5, 1, 6)),
        m0(normal(s.heads(), 1, 0, 7)),
        reset(resets(s)),
        device_reset(reset) {}

  template <class Real>
  MlstmInputs<Real> scalars(const Sizes& s) const {
    MlstmInputs<Real> in{};
    in.B = s.B;
    in.S = s.S;
    in.NH = s.NH;
    in.DHqk = s.DHqk;
    in.DHv = s.DHv;
    in.chunk_size = s.chunk_size;
    in.eps = 1e-6;
    in.query_scale = 1;
    in.key_scale = 1 / std::sqrt(static_cast<double>(s.DHqk));
    return in;
  }
  MlstmInputs<double> on_host(const Sizes& s) const {
    auto in = scalars<double>(s);
    in.q = q.host.data();
    in.k = k.host.data();
    in.v = v.host.data();
    in.i = i.host.data();
    in.f = f.host.data();
    in.c0 = c0.host.data();
    in.n0 = n0.host.data();
    in.m0 = m0.host.data();
    in.reset = reset.data();
    return in;
  }
  MlstmInputs<float> on_device(const Sizes& s) const {
    auto in = scalars<float>(s);
    in.i = i.device.data();
    in.f = f.device.data();
    in.c0 = c0.device.data();
    in.n0 = n0.device.data();
    in.m0 = m0.device.data();
    in.reset = device_reset.data();
    return in;
  }

 private:
  static std::vector<std::int32_t> resets(const Sizes& s) {
    std::vector<std::int32_t> result(static_cast<std::size_t>(s.B * s.S));
    for (std::size_t at = 0; at < result.size(); ++at) result[at] = at % 97 == 90;
    return result;
  }
};

template <class Element>
Array<Element> zeros(std::int64_t n) {
  return Array<Element>(std::vector<double>(static_cast<std::size_t>(n)));
}

void check(const Sizes& s) {
  const Inputs in(s);
  auto h = zeros<__nv_bfloat16>(s.rows() * s.DHv);
  auto den = zeros<float>(s.rows()), c = zeros<float>(s.state());
  auto n = zeros<float>(s.heads() * s.DHqk), m = zeros<float>(s.heads());
  auto chunk_c = zeros<float>(s.saved() * s.state());
  auto chunk_n = zeros<float>(s.saved() * s.heads() * s.DHqk);
  reference::mlstm_chunkwise_forward<double>({in.on_host(s), h.host.data(), den.host.data(),
                                              c.host.data(), n.host.data(), m.host.data(),
                                              chunk_c.host.data(), chunk_n.host.data()});
  cuda::mlstm_forward<__nv_bfloat16>(
      {in.on_device(s), nullptr, den.device.data(), c.device.data(), n.device.data(),
       m.device.data(), chunk_c.device.data(), chunk_n.device.data()},
      {in.q.device.data(), in.k.device.data(), in.v.device.data(), h.device.data()}, s.chunk_size,
      true);
  check_close("h", h);
  check_close("den", den);
  check_close("c", c);
  check_close("n", n);
  check_close("m", m);
  check_close("chunk_c", chunk_c);

  const Channels dh(normal(s.rows() * s.DHv, 1, 0, 8)), exact_h(h.host);
  const Scalars dc(normal(s.state(), 0.1, 0, 9)), dn(normal(s.heads() * s.DHqk, 0.1, 0, 10));
  const Scalars dm(normal(s.heads(), 1, 0, 11)), exact_den(den.host);
  const Scalars exact_c(chunk_c.host), exact_n(chunk_n.host);
  auto dq = zeros<__nv_bfloat16>(s.rows() * s.DHqk), dk = zeros<__nv_bfloat16>(s.rows() * s.DHqk);
  auto dv = zeros<__nv_bfloat16>(s.rows() * s.DHv);
  auto di = zeros<float>(s.rows()), df = zeros<float>(s.rows()), dc0 = zeros<float>(s.state());
  auto dn0 = zeros<float>(s.heads() * s.DHqk), dm0 = zeros<float>(s.heads());
  reference::mlstm_chunkwise_backward<double>(
      {in.on_host(s), dh.host.data(), dc.host.data(), dn.host.data(), dm.host.data(), h.host.data(),
       den.host.data(), chunk_c.host.data(), chunk_n.host.data(), dq.host.data(), dk.host.data(),
       dv.host.data(), di.host.data(), df.host.data(), dc0.host.data(), dn0.host.data(),
       dm0.host.data()});
  cuda::mlstm_backward<__nv_bfloat16>(
      {in.on_device(s), nullptr, dc.device.data(), dn.device.data(), dm.device.data(), nullptr,
       exact_den.device.data(), exact_c.device.data(), exact_n.device.data(), nullptr, nullptr,
       nullptr, di.device.data(), df.device.data(), dc0.device.data(), dn0.device.data(),
       dm0.device.data()},
      {in.q.device.data(), in.k.device.data(), in.v.device.data(), dh.device.data(),
       exact_h.device.data(), dq.device.data(), dk.device.data(), dv.device.data()},
      s.chunk_size);
  check_close("dq", dq);
  check_close("dk", dk);
  check_close("dv", dv);
  check_close("di", di);
  check_close("df", df);
  check_close("dc0", dc0);
  check_close("dn0", dn0);
  check_close("dm0", dm0);
}

}  // namespace

TEST_CASE("the mlstm multiplies bfloat16 on tensor cores" * doctest::test_suite("devices")) {
  check({.B = 1, .S = 64, .NH = 1, .DHqk = 64, .DHv = 64, .chunk_size = 64});
  check({.B = 2, .S = 150, .NH = 2, .DHqk = 40, .DHv = 131, .chunk_size = 64});
  check({.B = 2, .S = 230, .NH = 2, .DHqk = 129, .DHv = 24, .chunk_size = 100});
}

}  // namespace carousel
