#include "core/storage.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/memory.h"

// The address sanitizer sees allocations, not what the pool cuts them to.
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define CAROUSEL_EXACT_SIZES
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define CAROUSEL_EXACT_SIZES
#endif

namespace carousel {

namespace detail {

// Free blocks.
struct Shelf {
  std::unordered_map<std::size_t, std::vector<Block*>> free;  // by capacity
  bool closed = false;                                        // its arena has ended
};

struct Block {
  std::atomic<std::int64_t> references{1};
  std::shared_ptr<Shelf> shelf;  // where it goes when it is free
  std::byte* memory = nullptr;   // start of the allocation, guard zone included
  std::size_t bytes = 0;         // as asked for
  std::size_t capacity = 0;      // size class
  Device device = Device::cpu;
  bool guarded = false;
};

}  // namespace detail

namespace {

using detail::Block;
using detail::Shelf;

// More than any machine has; the system is not even asked.
constexpr std::size_t max_bytes = std::size_t{1} << 46;
constexpr std::size_t guard_bytes = Storage::alignment;
constexpr std::byte guard_pattern{0xA5};
constexpr std::byte unwritten_pattern{0xFF};  // a quiet NaN in every floating type

// Size classes: four steps per power of two, so at most a quarter is wasted.
std::size_t size_class(std::size_t bytes) {
#ifdef CAROUSEL_EXACT_SIZES
  return bytes;
#endif
  if (bytes <= 4 * Storage::alignment) {
    return std::max(Storage::alignment,
                    (bytes + Storage::alignment - 1) / Storage::alignment * Storage::alignment);
  }
  const std::size_t step = std::bit_floor(bytes) / 4;
  return (bytes + step - 1) / step * step;
}

// By Device; null: the pool's own.
thread_local std::array<std::shared_ptr<Shelf>, 2> shelves_in_use;

std::shared_ptr<Shelf>& shelf_in_use(Device device) {
  return shelves_in_use[static_cast<std::size_t>(device)];
}

class Pool {
 public:
  Block* take(std::size_t bytes, Device device) {
    CAROUSEL_CHECK(bytes <= max_bytes, "Storage: device {} has no {} bytes left", name(device),
                   bytes);
    const std::lock_guard lock(mutex_);
    const std::size_t fence = guards_ > 0 ? 2 * guard_bytes : 0;
    const std::size_t capacity = size_class(bytes + fence);
    const auto& own = shelf_in_use(device);
    const auto& shelf = own ? own : part(device).shelf;
    Block* block = reuse(capacity, *shelf);
    if (block == nullptr) block = from_system(capacity, device);
    block->shelf = shelf;
    block->bytes = bytes;
    block->guarded = fence > 0;
    if (block->guarded) raise_fence(*block);
    MemoryStatistics& statistics = part(device).statistics;
    statistics.in_use += static_cast<std::int64_t>(capacity);
    statistics.peak = std::max(statistics.peak, statistics.in_use);
    return block;
  }

  void give_back(Block* block) {
    const std::lock_guard lock(mutex_);
    if (block->guarded) lower_fence(*block);
    Part& of = part(block->device);
    of.statistics.in_use -= static_cast<std::int64_t>(block->capacity);
    if (block->shelf->closed) block->shelf = of.shelf;
    block->shelf->free[block->capacity].push_back(block);
  }

  void close(Shelf& shelf, Device device) {
    const std::lock_guard lock(mutex_);
    for (const auto& [capacity, blocks] : shelf.free) {
      auto& free = part(device).shelf->free[capacity];
      free.insert(free.end(), blocks.begin(), blocks.end());
    }
    shelf = {.free = {}, .closed = true};
  }

  // The references stay, what they refer to changes places.
  void exchange(Block& a, Block& b) {
    const std::lock_guard lock(mutex_);
    std::swap(a.memory, b.memory);
    std::swap(a.bytes, b.bytes);
    std::swap(a.capacity, b.capacity);
    std::swap(a.device, b.device);
    std::swap(a.shelf, b.shelf);
    std::swap(a.guarded, b.guarded);
    for (Block* const block : {&a, &b}) {
      if (block->guarded) {
        fenced_.insert(block);
      } else {
        fenced_.erase(block);
      }
    }
  }

  void release_free() {
    const std::lock_guard lock(mutex_);
    empty(Device::cpu);
    empty(Device::cuda);
  }

  MemoryStatistics statistics(Device device) {
    const std::lock_guard lock(mutex_);
    return part(device).statistics;
  }

  void reset_peak(Device device) {
    const std::lock_guard lock(mutex_);
    MemoryStatistics& statistics = part(device).statistics;
    statistics.peak = statistics.in_use;
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
  // What belongs to one device.
  struct Part {
    std::shared_ptr<Shelf> shelf = std::make_shared<Shelf>();
    MemoryStatistics statistics;
  };

  Part& part(Device device) { return parts_[static_cast<std::size_t>(device)]; }

  void empty(Device device) {
    Part& of = part(device);
    for (auto& [capacity, blocks] : of.shelf->free) {
      for (Block* block : blocks) {
        of.statistics.reserved -= static_cast<std::int64_t>(capacity);
        release_memory(block->memory, device);
        delete block;
      }
    }
    of.shelf->free.clear();
  }

  static Block* reuse(std::size_t capacity, Shelf& shelf) {
    const auto found = shelf.free.find(capacity);
    if (found == shelf.free.end() || found->second.empty()) return nullptr;
    Block* block = found->second.back();
    found->second.pop_back();
    block->references = 1;
    return block;
  }

  Block* from_system(std::size_t capacity, Device device) {
    void* memory = allocate_memory(capacity, device);
    if (memory == nullptr) {  // what is kept for other sizes may be what is missing
      empty(device);
      memory = allocate_memory(capacity, device);
    }
    CAROUSEL_CHECK(memory != nullptr, "Storage: device {} has no {} bytes left", name(device),
                   capacity);
    MemoryStatistics& statistics = part(device).statistics;
    ++statistics.system_allocations;
    statistics.reserved += static_cast<std::int64_t>(capacity);
    auto* block = new Block;
    block->memory = static_cast<std::byte*>(memory);
    block->capacity = capacity;
    block->device = device;
    return block;
  }

  void raise_fence(Block& block) {
    const auto set = [&](std::byte* to, std::byte value, std::size_t n) {
      fill_memory(to, block.device, &value, 1, n);
    };
    std::byte* const begin = block.memory + guard_bytes;
    set(block.memory, guard_pattern, guard_bytes);
    set(begin, unwritten_pattern, block.bytes);
    set(begin + block.bytes, guard_pattern, guard_bytes);
    fenced_.insert(&block);
  }

  void lower_fence(Block& block) {
    if (!intact(block)) ++damaged_;
    fenced_.erase(&block);
  }

  static bool intact(const Block& block) {
    const auto untouched = [&](const std::byte* zone) {
      std::array<std::byte, guard_bytes> copy;
      copy_memory(copy.data(), Device::cpu, zone, block.device, guard_bytes);
      return std::ranges::all_of(copy, [](std::byte b) { return b == guard_pattern; });
    };
    return untouched(block.memory) && untouched(block.memory + guard_bytes + block.bytes);
  }

  std::mutex mutex_;
  std::array<Part, 2> parts_;  // by Device
  std::set<Block*> fenced_;
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

void Storage::move_to(Device device) {
  if (block_ == nullptr || block_->device == device) return;
  const Storage there(block_->bytes, device);
  copy_memory(there.data(), device, data(), block_->device, block_->bytes);
  pool().exchange(*block_, *there.block_);
}

bool Storage::shared() const { return block_ != nullptr && block_->references > 1; }

Arena::Arena(Device device) : device_(device), shelf_(std::make_shared<Shelf>()) {}
Arena::~Arena() { pool().close(*shelf_, device_); }
Arena::Use::Use(const Arena& arena) : device_(arena.device_), before_(arena.shelf_) {
  std::swap(shelf_in_use(device_), before_);
}
Arena::Use::~Use() { shelf_in_use(device_) = std::move(before_); }

MemoryStatistics memory_statistics(Device device) { return pool().statistics(device); }

void reset_memory_peak(Device device) { pool().reset_peak(device); }

void release_free_memory() { pool().release_free(); }

GuardZones::GuardZones() { pool().guard(+1); }
GuardZones::~GuardZones() { pool().guard(-1); }
std::int64_t GuardZones::damaged() { return pool().damaged(); }

}  // namespace carousel
