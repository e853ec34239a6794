#include "core/device.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/safetensors.h"
#include "tests/core/temporary_directory.h"
#include "tests/on_each_device.h"

namespace carousel {

TEST_SUITE_BEGIN("devices");

TEST_CASE("devices have names") {
  CHECK(std::string(name(Device::cuda)) == "cuda");
  for (const auto& [word, device] : words(Device{})) CHECK(name(device) == word);
  CHECK(available_devices().front() == Device::cpu);
}

TEST_CASE("a device that is missing is refused in a sentence") {
  if (available(Device::cuda)) return;
  CHECK_THROWS_WITH(check_available(Device::cuda), doctest::Contains("device cuda: this "));
  CHECK_THROWS_WITH(Tensor<float>({2}, Device::cuda), doctest::Contains("device cuda: this "));
}

TEST_CASE("elements go to every device and come back") {
  on_each_device([](Device device) {
    const auto x = Tensor<double>::from({2, 3}, {1, 2, 3, 4, 5, 6});
    const Tensor<double> there = x.to(device), copy = there.clone();
    CHECK(there.device() == device);
    CHECK(std::ranges::equal(copy.to(Device::cpu).values(), x.values()));
    CHECK(there.to<float>().to(Device::cpu).values()[5] == 6.0F);
    CHECK(Tensor<float>::full({1}, 2.5F, device).item() == 2.5F);
    CHECK(Tensor<float>({0}, device).to(Device::cpu).values().empty());
    CHECK_FALSE(Tensor<float>().to(device).defined());
    for (const float value : {0.0F, 1.5F, -3.25F}) {
      for (const std::int64_t n : {1, 63, 64, 65, 1000}) {
        const auto filled = Tensor<float>::full({n}, value, device).to(Device::cpu);
        CHECK(std::ranges::count(filled.values(), value) == n);
      }
    }
  });
}

TEST_CASE("the host does not read the memory of another device") {
  if (!available(Device::cuda)) return;
  auto x = Tensor<float>::zeros({2}, Device::cuda);
  const char* const sentence = "Tensor: the elements of shape [2] are on device cuda";
  CHECK_THROWS_WITH(x.values(), sentence);
  CHECK_THROWS_WITH(x.mutable_values(), sentence);
}

TEST_CASE("each device recycles memory of its own, and guards it") {
  on_each_device([](Device device) {
    { const Storage once(12345, device); }
    const auto before = memory_statistics(device);
    { const Storage again(12345, device); }
    CHECK(memory_statistics(device).system_allocations == before.system_allocations);
    CHECK(memory_statistics(device).in_use == before.in_use);

    const GuardZones guard;
    Tensor<float> x({5}, device);
    CHECK(std::isnan(x.to(Device::cpu).values()[4]));
    CHECK(GuardZones::damaged() == 0);
    const float outside = 0;
    copy_memory(x.mutable_data() + 5, device, &outside, Device::cpu, sizeof outside);
    CHECK(GuardZones::damaged() == 1);
  });
}

TEST_CASE("what tensors share moves with all of them, and what it leaves is free again") {
  on_each_device([](Device device) {
    const auto before = memory_statistics(Device::cpu).in_use;
    auto x = Tensor<double>::from({2, 3}, {1, 2, 3, 4, 5, 6});
    const auto one = memory_statistics(Device::cpu).in_use - before;
    const Tensor<double> same = x.reshape({6}), copy = x.clone();
    for (const Device to : {device, device, Device::cpu}) {
      const GuardZones guard;
      x.move_to(to);
      CHECK(x.device() == to);
      CHECK(same.device() == to);
      CHECK(same.data() == x.data());
      CHECK(std::ranges::equal(same.to(Device::cpu).values(), copy.values()));
      CHECK(GuardZones::damaged() == 0);
    }
    Tensor<double> none;
    none.move_to(device);
    CHECK_FALSE(none.defined());
    x.move_to(device);
    const auto on_cpu = memory_statistics(Device::cpu).in_use - before;
    CHECK(on_cpu == (device == Device::cpu ? 2 : 1) * one);
  });
}

TEST_CASE("safetensors take tensors from every device") {
  on_each_device([](Device device) {
    const TemporaryDirectory directory;
    const auto x = Tensor<float>::from({2}, {1.5F, -2});
    const auto ids = Tensor<std::int32_t>::from({3}, {1, 2, 3});
    write_safetensors(directory / "file", {{"x", x.to(device)}, {"ids", ids.to(device)}});
    const Safetensors file(directory / "file");
    CHECK(std::ranges::equal(file.read<float>("x").values(), x.values()));
    CHECK(std::ranges::equal(file.read<std::int32_t>("ids").values(), ids.values()));
  });
}

TEST_SUITE_END();

}  // namespace carousel
