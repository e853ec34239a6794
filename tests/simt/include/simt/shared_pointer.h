// A pointer to shared memory that knows its bounds, who wrote each element, and since when.
#pragma once

#include <simt/executor.h>

#include <cstddef>
#include <type_traits>

namespace simt {

// Checks of one access by the running thread. Out of line: only what ends in a fault.
[[noreturn]] void out_of_bounds(std::int64_t index, std::int64_t count);
[[noreturn]] void misaligned(std::size_t alignment);
[[noreturn]] void unwritten(std::int64_t index);
[[noreturn]] void race(const char* now, const char* before, unsigned other);

inline constexpr std::uint16_t by_atomic = 0xffff;  // in the place of a thread's number

inline bool same_warp(unsigned other) { return other / 32 == current->number / 32u; }

// Whether what another thread of the block did at `time` lies behind a barrier.
inline bool ordered(std::uint32_t time, unsigned other) {
  return time < current->block->since || other == current->number ||
         (same_warp(other) && time < current->warp->since);
}

inline void note_reader(Cell& cell) {
  const bool forgotten =
      cell.read_time < current->block->since ||
      (cell.readers < 2 && same_warp(cell.reader) && cell.read_time < current->warp->since);
  if (forgotten) {
    cell.readers = 0;
    cell.reader = current->number;
  } else if (cell.reader != current->number) {
    if (cell.readers < 2) cell.readers = same_warp(cell.reader) ? 1 : 2;
    cell.reader = current->number;
  }
  cell.read_time = clock;
}

// Blocks of a cluster that read and write each other's memory are not checked for races.
inline void check_read(Cell& cell, const Block& owner, std::int64_t index) {
  if (cell.write_time < owner.born) unwritten(index);
  if (&owner != current->block) return;
  if (!ordered(cell.write_time, cell.writer)) race("reads", "wrote", cell.writer);
  note_reader(cell);
}

inline void check_write(Cell& cell, const Block& owner, bool atomic = false) {
  if (&owner == current->block) {
    const bool both_atomic = atomic && cell.writer == by_atomic;
    if (!both_atomic && !ordered(cell.write_time, cell.writer))
      race("writes", "wrote", cell.writer);
    if (cell.read_time >= owner.since) {
      const bool behind_warp = same_warp(cell.reader) && cell.read_time < current->warp->since;
      const bool alone = cell.readers == 0 && cell.reader == current->number;
      if (!alone && (cell.readers == 2 || !behind_warp)) race("writes", "read", cell.reader);
    }
  }
  cell.write_time = clock;
  cell.writer = atomic ? by_atomic : current->number;
}

template <class T>
class SharedPointer;

// What `pointer[i]` is: reading and writing through it is checked.
template <class T>
class SharedReference {
  using Value = std::remove_const_t<T>;

 public:
  operator Value() const {
    for (unsigned i = 0; i < at_.cells_; ++i) check_read(cell(i), *at_.owner_, at_.index_);
    return at_.data_[at_.index_];
  }
  Value operator=(const Value& value) const {
    for (unsigned i = 0; i < at_.cells_; ++i) check_write(cell(i), *at_.owner_);
    return at_.data_[at_.index_] = value;
  }
  Value operator=(const SharedReference& other) const { return *this = static_cast<Value>(other); }
  template <class U>
  Value operator=(const SharedReference<U>& other) const {
    return *this = static_cast<std::remove_const_t<U>>(other);
  }
  Value operator+=(const Value& value) const { return *this = static_cast<Value>(*this) + value; }
  Value operator-=(const Value& value) const { return *this = static_cast<Value>(*this) - value; }
  Value operator*=(const Value& value) const { return *this = static_cast<Value>(*this) * value; }
  Value operator/=(const Value& value) const { return *this = static_cast<Value>(*this) / value; }
  Value operator|=(const Value& value) const { return *this = static_cast<Value>(*this) | value; }
  Value operator&=(const Value& value) const { return *this = static_cast<Value>(*this) & value; }
  Value operator^=(const Value& value) const { return *this = static_cast<Value>(*this) ^ value; }
  Value operator++() const { return *this += Value(1); }
  Value operator--() const { return *this -= Value(1); }
  SharedPointer<T> operator&() const { return at_; }

  // One atomic step: the element becomes next(element), and the old one is returned.
  template <class Next>
  Value update(Next next) const {
    const Value old = at_.data_[at_.index_];
    for (unsigned i = 0; i < at_.cells_; ++i) {
      if (cell(i).write_time < at_.owner_->born) unwritten(at_.index_);
      check_write(cell(i), *at_.owner_, true);
    }
    at_.data_[at_.index_] = next(old);
    return old;
  }

 private:
  friend class SharedPointer<T>;
  explicit SharedReference(const SharedPointer<T>& at) : at_(at) {}
  Cell& cell(unsigned i) const {
    return at_.first_[at_.index_ * static_cast<std::int64_t>(at_.cells_) + i];
  }
  SharedPointer<T> at_;
};

template <class T>
class SharedPointer {
 public:
  using element_type = T;
  SharedPointer() = default;
  SharedPointer(std::nullptr_t) {}
  // `cells` of the block's cells belong to one element.
  SharedPointer(Block* owner, T* data, Cell* first, std::int64_t count, unsigned cells = 1,
                std::int64_t index = 0)
      : owner_(owner), data_(data), first_(first), count_(count), index_(index), cells_(cells) {}

  operator SharedPointer<const T>() const requires(!std::is_const_v<T>) {
    return {owner_, data_, first_, count_, cells_, index_};
  }
  explicit operator bool() const { return data_ != nullptr; }

  SharedReference<T> operator[](std::int64_t i) const {
    const std::int64_t at = index_ + i;
    if (at < 0 || at >= count_) out_of_bounds(at, count_);
    return SharedReference<T>(*this + i);
  }
  SharedReference<T> operator*() const { return (*this)[0]; }
  SharedPointer& operator+=(std::int64_t n) { return index_ += n, *this; }
  SharedPointer& operator-=(std::int64_t n) { return index_ -= n, *this; }
  SharedPointer& operator++() { return *this += 1; }
  SharedPointer operator+(std::int64_t n) const { return SharedPointer(*this) += n; }
  SharedPointer operator-(std::int64_t n) const { return SharedPointer(*this) -= n; }
  std::int64_t operator-(const SharedPointer& other) const { return index_ - other.index_; }
  bool operator==(const SharedPointer& other) const {
    return data_ + index_ == other.data_ + other.index_;
  }

  // The same memory as elements of a vector type V: float as float4.
  template <class V>
  SharedPointer<std::conditional_t<std::is_const_v<T>, const V, V>> as() const {
    using To = std::conditional_t<std::is_const_v<T>, const V, V>;
    static_assert(sizeof(V) % sizeof(T) == 0);
    constexpr auto n = static_cast<std::int64_t>(sizeof(V) / sizeof(T));
    const std::int64_t skipped = ((index_ % n) + n) % n;
    T* data = data_ + skipped;
    if (reinterpret_cast<std::uintptr_t>(data) % alignof(V) != 0) misaligned(alignof(V));
    return {owner_,
            reinterpret_cast<To*>(data),
            first_ + skipped * cells_,
            (count_ - skipped) / n,
            cells_ * static_cast<unsigned>(n),
            (index_ - skipped) / n};
  }

  // The same place in the memory of another block of the cluster.
  SharedPointer in_block(unsigned rank) const {
    Block& other = cluster_block(rank);
    const auto bytes = reinterpret_cast<const unsigned char*>(data_) - owner_->shared;
    return {&other,
            reinterpret_cast<T*>(other.shared + bytes),
            other.cells + (first_ - owner_->cells),
            count_,
            cells_,
            index_};
  }

 private:
  friend class SharedReference<T>;
  Block* owner_ = nullptr;
  T* data_ = nullptr;
  Cell* first_ = nullptr;
  std::int64_t count_ = 0, index_ = 0;
  unsigned cells_ = 1;
};

// Elements [0, count) of T from `byte` on in the shared memory of the running block.
template <class T>
SharedPointer<T> shared_pointer(std::size_t byte, std::int64_t count) {
  claim(byte, static_cast<std::size_t>(count) * sizeof(T), sizeof(T));
  Block& block = *current->block;
  return {&block, reinterpret_cast<T*>(block.shared + byte), block.cells + byte, count};
}

}  // namespace simt

#define SIMT_SHARED_ATOMIC(name, result)                                                      \
  template <class T>                                                                          \
  T name(simt::SharedPointer<T> address, std::type_identity_t<T> value) {                     \
    static_assert(std::is_integral_v<T>);                                                     \
    return (*address).update([=]([[maybe_unused]] T old) { return static_cast<T>(result); }); \
  }
SIMT_SHARED_ATOMIC(atomicAdd, old + value)
SIMT_SHARED_ATOMIC(atomicSub, old - value)
SIMT_SHARED_ATOMIC(atomicMax, old < value ? value : old)
SIMT_SHARED_ATOMIC(atomicMin, old < value ? old : value)
SIMT_SHARED_ATOMIC(atomicAnd, old& value)
SIMT_SHARED_ATOMIC(atomicOr, old | value)
SIMT_SHARED_ATOMIC(atomicXor, old ^ value)
SIMT_SHARED_ATOMIC(atomicExch, value)
#undef SIMT_SHARED_ATOMIC
template <class T>
T atomicCAS(simt::SharedPointer<T> address, std::type_identity_t<T> expected,
            std::type_identity_t<T> value) {
  return (*address).update([=](T old) { return old == expected ? value : old; });
}
