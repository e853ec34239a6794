// Work that is recorded, on the device that can: see tests/simt.
#include "core/recording.h"

#include <doctest/doctest.h>

#include "core/mirror.h"
#include "tests/on_each_device.h"

namespace carousel {

namespace {

std::vector<float> values(const Tensor<float>& x) {
  const auto host = x.to(Device::cpu);
  return {host.values().begin(), host.values().end()};
}

}  // namespace

TEST_SUITE_BEGIN("devices");

TEST_CASE("a mirror takes numbers up and down") {
  on_each_device([](Device device) {
    Mirror<float> x({2}, device);
    CHECK(x.device() == device);
    CHECK(values(x.there()) == std::vector<float>{0, 0});
    x.host()[0] = 1;
    x.host()[1] = 2;
    x.up();
    synchronize(device);
    CHECK(values(x.there()) == std::vector<float>{1, 2});
    x.there().fill(3);
    x.down();
    synchronize(device);
    CHECK(x.host()[1] == 3);
  });
}

TEST_CASE("a recording does again what was asked for, with the numbers of the time") {
  if (!available(Device::cuda)) return;
  Recording recording;
  Mirror<float> in({3}, Device::cuda), out({3}, Device::cuda);
  Tensor<float> kept = Tensor<float>::zeros({3}, Device::cuda);
  const auto work = [&] {
    in.up();
    const auto temporary = in.there().clone();  // memory of the recording's own
    kept.copy_from(temporary);
    out.there().copy_from(kept);
    out.down();
  };
  const auto set = [&](float value) { std::ranges::fill(in.host(), value); };
  set(1);
  recording.rehearse(work);
  synchronize(Device::cuda);
  CHECK(out.host()[0] == 1);
  set(2);
  CHECK(!recording.recorded());
  recording.record(work);
  CHECK(recording.recorded());
  CHECK(values(kept) == std::vector<float>{1, 1, 1});  // nothing was done
  for (const float value : {2.0F, 3.0F}) {
    set(value);
    const auto others = Tensor<float>::full({3}, -1, Device::cuda);  // not where the clone was
    recording.replay();
    synchronize(Device::cuda);
    CHECK(out.host()[2] == value);
    CHECK(values(others) == std::vector<float>{-1, -1, -1});
  }
}

TEST_CASE("work that waits, reads the device or needs new memory cannot be recorded") {
  if (!available(Device::cuda)) {
    CHECK_THROWS_WITH(Recording().record([] {}), doctest::Contains("device cuda: "));
    return;
  }
  Recording recording;
  const auto x = Tensor<float>::zeros({1000}, Device::cuda);
  const auto refused = doctest::Contains("operation not permitted when stream is capturing");
  CHECK_THROWS_WITH(recording.record([] { synchronize(Device::cuda); }), refused);
  CHECK_THROWS_WITH(recording.record([&] { x.to(Device::cpu); }), refused);
  CHECK_THROWS_WITH(recording.record([&] { x.clone(); }), refused);
  CHECK(!recording.recorded());
  CHECK(values(x) == std::vector<float>(1000));  // the stream goes on as before
}

TEST_SUITE_END();

}  // namespace carousel
