#include "core/storage.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "core/error.h"

namespace carousel {

namespace detail {

struct Block {
  std::atomic<std::int64_t> references{1};
  std::byte* memory = nullptr;  // start of the allocation, guard zone included
  std::size_t bytes = 0;        // as asked for
  std::size_t capacity = 0;     // size class
  Device device = Device::cpu;
  bool guarded = false;
};

}  // namespace detail

namespace {

using detail::Block;

// More than any machine has; the system is not even asked.
constexpr std::size_t max_bytes = std::size_t{1} << 46;
constexpr std::size_t guard_bytes = Storage::alignment;
constexpr std::byte guard_pattern{0xA5};
constexpr std::byte unwritten_pattern{0xFF};  // a quiet NaN in every floating type

// Size classes: four steps per power of two, so at most a quarter is wasted.
std::size_t size_class(std::size_t bytes) {
  if (bytes <= 4 * Storage::alignment) {
    return std::max(Storage::alignment,
                    (bytes + Storage::alignment - 1) / Storage::alignment * Storage::alignment);
  }
  const std::size_t step = std::bit_floor(bytes) / 4;
  return (bytes + step - 1) / step * step;
}

class Pool {
 public:
  Block* take(std::size_t bytes, Device device) {
    CAROUSEL_CHECK(device == Device::cpu, "Storage: device got {}, but this build has only cpu",
                   name(device));
    CAROUSEL_CHECK(bytes <= max_bytes, "Storage: the system has no {} bytes left", bytes);
    const std::lock_guard lock(mutex_);
    const std::size_t fence = guards_ > 0 ? 2 * guard_bytes : 0;
    const std::size_t capacity = size_class(bytes + fence);
    Block* block = reuse(capacity);
    if (block == nullptr) block = from_system(capacity);
    block->bytes = bytes;
    block->guarded = fence > 0;
    if (block->guarded) raise_fence(*block);
    statistics_.in_use += static_cast<std::int64_t>(capacity);
    statistics_.peak = std::max(statistics_.peak, statistics_.in_use);
    return block;
  }

  void give_back(Block* block) {
    const std::lock_guard lock(mutex_);
    if (block->guarded) lower_fence(*block);
    statistics_.in_use -= static_cast<std::int64_t>(block->capacity);
    free_[block->capacity].push_back(block);
  }

  void release_free() {
    const std::lock_guard lock(mutex_);
    empty();
  }

  MemoryStatistics statistics() {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

  void reset_peak() {
    const std::lock_guard lock(mutex_);
    statistics_.peak = statistics_.in_use;
  }

  void guard(int change) {
    const std::lock_guard lock(mutex_);
    if (guards_ == 0 && change > 0) damaged_ = 0;
    guards_ += change;
  }

  std::int64_t damaged() {
    const std::lock_guard lock(mutex_);
    return damaged_ + std::count_if(fenced_.begin(), fenced_.end(),
                                    [](const Block* block) { return !intact(*block); });
  }

 private:
  void empty() {
    for (auto& [capacity, blocks] : free_) {
      for (Block* block : blocks) {
        statistics_.reserved -= static_cast<std::int64_t>(capacity);
        std::free(block->memory);
        delete block;
      }
    }
    free_.clear();
  }

  Block* reuse(std::size_t capacity) {
    const auto found = free_.find(capacity);
    if (found == free_.end() || found->second.empty()) return nullptr;
    Block* block = found->second.back();
    found->second.pop_back();
    block->references = 1;
    return block;
  }

  Block* from_system(std::size_t capacity) {
    void* memory = std::aligned_alloc(Storage::alignment, capacity);
    if (memory == nullptr) {  // what is kept for other sizes may be what is missing
      empty();
      memory = std::aligned_alloc(Storage::alignment, capacity);
    }
    CAROUSEL_CHECK(memory != nullptr, "Storage: the system has no {} bytes left", capacity);
    ++statistics_.system_allocations;
    statistics_.reserved += static_cast<std::int64_t>(capacity);
    auto* block = new Block;
    block->memory = static_cast<std::byte*>(memory);
    block->capacity = capacity;
    return block;
  }

  void raise_fence(Block& block) {
    std::byte* const begin = block.memory + guard_bytes;
    std::fill(block.memory, begin, guard_pattern);
    std::fill(begin, begin + block.bytes, unwritten_pattern);
    std::fill(begin + block.bytes, begin + block.bytes + guard_bytes, guard_pattern);
    fenced_.insert(&block);
  }

  void lower_fence(Block& block) {
    if (!intact(block)) ++damaged_;
    fenced_.erase(&block);
  }

  static bool intact(const Block& block) {
    const auto untouched = [](const std::byte* zone) {
      return std::all_of(zone, zone + guard_bytes, [](std::byte b) { return b == guard_pattern; });
    };
    return untouched(block.memory) && untouched(block.memory + guard_bytes + block.bytes);
  }

  std::mutex mutex_;
  std::map<std::size_t, std::vector<Block*>> free_;
  std::set<Block*> fenced_;
  MemoryStatistics statistics_;
  std::int64_t damaged_ = 0;
  int guards_ = 0;
};

// Never destroyed: tensors with static lifetime may outlive any static pool.
Pool& pool() {
  static Pool* const instance = new Pool;
  return *instance;
}

}  // namespace

Storage::Storage(std::size_t bytes, Device device) : block_(pool().take(bytes, device)) {}

Storage::Storage(const Storage& other) : block_(other.block_) {
  if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
}

Storage::~Storage() {
  if (block_ == nullptr) return;
  if (block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) pool().give_back(block_);
}

std::byte* Storage::data() const {
  if (block_ == nullptr) return nullptr;
  return block_->memory + (block_->guarded ? guard_bytes : 0);
}

Device Storage::device() const { return block_ == nullptr ? Device::cpu : block_->device; }

bool Storage::shared() const { return block_ != nullptr && block_->references > 1; }

MemoryStatistics memory_statistics() { return pool().statistics(); }

void reset_memory_peak() { pool().reset_peak(); }

void release_free_memory() { pool().release_free(); }

GuardZones::GuardZones() { pool().guard(+1); }
GuardZones::~GuardZones() { pool().guard(-1); }
std::int64_t GuardZones::damaged() { return pool().damaged(); }

}  // namespace carousel
