#include "core/storage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/tensor.h"

namespace carousel {

TEST_CASE("memory is aligned for every size") {
  for (const std::size_t bytes : {0U, 1U, 63U, 64U, 65U, 1000U, 4097U, 1U << 20U}) {
    const Storage storage(bytes, Device::cpu);
    CHECK(reinterpret_cast<std::uintptr_t>(storage.data()) % Storage::alignment == 0);
  }
}

TEST_CASE("freed memory is used again") {
  const auto work = [] {
    std::vector<Storage> blocks;
    for (std::size_t i = 1; i < 50; ++i) blocks.emplace_back(i * 777, Device::cpu);
  };
  work();
  const auto before = memory_statistics();
  work();
  const auto after = memory_statistics();
  CHECK(after.system_allocations == before.system_allocations);
  CHECK(after.in_use == before.in_use);
  release_free_memory();
  CHECK(memory_statistics().reserved == after.in_use);
}

TEST_CASE("copies share a block, and the last one gives it back") {
  const auto before = memory_statistics().in_use;
  {
    Storage a(100, Device::cpu);
    CHECK_FALSE(a.shared());
    const Storage b = a;
    CHECK(a.shared());
    CHECK(a.data() == b.data());
    const Storage c = std::move(a);
    CHECK(c.data() == b.data());
    CHECK(a.data() == nullptr);
  }
  CHECK(memory_statistics().in_use == before);
}

TEST_CASE("the peak is the most that was in use at once, since it was reset") {
  { const Storage large(100000, Device::cpu); }
  reset_memory_peak();
  const auto before = memory_statistics();
  CHECK(before.peak == before.in_use);
  {
    const Storage a(1024, Device::cpu);
    const Storage b(2048, Device::cpu);
  }
  const Storage c(1024, Device::cpu);
  CHECK(memory_statistics().peak == before.in_use + 3072);
}

TEST_CASE("an arena keeps its blocks to itself as long as it lives") {
  constexpr std::size_t bytes = 123456;  // nobody else's
  const auto address_of_new_block = [] { return Storage(bytes, Device::cpu).data(); };
  Storage outlives;
  std::byte* inside = nullptr;
  {
    const Arena arena(Device::cpu);
    {
      const Arena::Use here(arena);
      inside = address_of_new_block();
      CHECK(address_of_new_block() == inside);
      outlives = Storage(2 * bytes, Device::cpu);
      const Storage outer(bytes, Device::cpu);
      const Arena other(Device::cpu);
      const Arena::Use there(other);
      CHECK(address_of_new_block() != inside);
    }
    const Storage outside(bytes, Device::cpu);
    CHECK(outside.data() != inside);
    const Arena::Use again(arena);
    CHECK(address_of_new_block() == inside);
  }
  std::byte* const second = outlives.data();
  outlives = {};
  CHECK(Storage(2 * bytes, Device::cpu).data() == second);
  std::vector<Storage> all;  // the arenas' blocks, in whatever order
  for (int i = 0; i < 3; ++i) all.emplace_back(bytes, Device::cpu);
  CHECK(std::any_of(all.begin(), all.end(), [&](auto& block) { return block.data() == inside; }));
}

TEST_CASE("more memory than there is, is refused in a sentence") {
  CHECK_THROWS_WITH(Storage(std::size_t{1} << 62, Device::cpu),
                    "Storage: device cpu has no 4611686018427387904 bytes left");
  CHECK_THROWS_WITH(Storage(~std::size_t{0}, Device::cpu),
                    "Storage: device cpu has no 18446744073709551615 bytes left");
  // The largest shape: its bytes are counted without overflow.
  CHECK_THROWS_WITH(Tensor<double>({std::int64_t{1} << 58}),
                    "Storage: device cpu has no 2305843009213693952 bytes left");
}

TEST_CASE("guard zones notice writes on both sides and unwritten memory reads as NaN") {
  const GuardZones guard;
  {
    Tensor<float> x({5});
    for (const float value : x.values()) CHECK(std::isnan(value));
    x.fill(1);
    CHECK(GuardZones::damaged() == 0);
    float* volatile const data = x.mutable_data();
    data[5] = 1;
    CHECK(GuardZones::damaged() == 1);
  }
  CHECK(GuardZones::damaged() == 1);
  Tensor<float> y({5});
  float* volatile const data = y.mutable_data();
  data[-1] = 1;
  CHECK(GuardZones::damaged() == 2);
}

}  // namespace carousel
