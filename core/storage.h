// Storage: a counted reference to one block of aligned, recycled memory.
//
// Freed blocks go to a pool and serve later requests of the same size class, so a training step
// after the first asks the system for nothing. Contents start undefined. A device does everything
// in the order in which it was asked to, so a block may serve again before its last use is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/device.h"

namespace carousel {

namespace detail {
struct Block;
struct Shelf;
}  // namespace detail

class Storage {
 public:
  static constexpr std::size_t alignment = 64;

  Storage() = default;
  // Throws Error when the device has no memory left or is not part of this build.
  Storage(std::size_t bytes, Device device);
  Storage(const Storage& other);
  Storage(Storage&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Storage& operator=(Storage other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Storage();

  std::byte* data() const;
  Device device() const;
  bool shared() const;  // more than one reference
  // Moves the contents to a device, for all references. Throws Error as the constructor does.
  void move_to(Device device);
  explicit operator bool() const { return block_ != nullptr; }

 private:
  detail::Block* block_ = nullptr;
};

// Memory of one device that nobody else is given: blocks that are taken while a Use lives go back
// to the arena, and serve there again. When the arena ends they go to the pool, those that are
// still in use as soon as they are free.
class Arena {
 public:
  explicit Arena(Device device);
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  // For this thread.
  class Use {
   public:
    explicit Use(const Arena& arena);
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();

   private:
    Device device_;
    std::shared_ptr<detail::Shelf> before_;
  };

 private:
  Device device_;
  std::shared_ptr<detail::Shelf> shelf_;
};

// What the pool of one device has done so far, in bytes and in calls.
struct MemoryStatistics {
  std::int64_t in_use = 0;              // handed out now
  std::int64_t peak = 0;                // most ever handed out at once
  std::int64_t reserved = 0;            // in_use + kept for reuse
  std::int64_t system_allocations = 0;  // requests that the pool could not serve
};
MemoryStatistics memory_statistics(Device device = Device::cpu);

// Counts the peak anew, from what is in use now.
void reset_memory_peak(Device device = Device::cpu);

// Gives every free block back to the system.
void release_free_memory();

// While one of these lives, every new block is filled with NaN bytes and fenced with guard zones.
// A test tool: it finds kernels that write outside their buffers or read what nobody wrote.
class GuardZones {
 public:
  GuardZones();
  ~GuardZones();
  GuardZones(const GuardZones&) = delete;
  GuardZones& operator=(const GuardZones&) = delete;

  // The number of fenced blocks, alive or freed, whose guard zone was overwritten.
  static std::int64_t damaged();
};

}  // namespace carousel
