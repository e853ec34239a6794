// Fibers: stacks between which one thread of the machine switches. They are made once and kept.
#pragma once

#include <simt/executor.h>

#include <boost/context/fiber.hpp>

#ifdef SIMT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace simt {

struct Fiber {
  boost::context::fiber context;  // where it goes on, while it is not running
  Thread thread;                  // of the kernel, that it runs
  Place waits;                    // where that thread waits for others
  unsigned mask = 0;              // of the lanes it waits for, in a warp
  bool busy = false;              // a thread has begun and not ended
  Fiber* next = nullptr;          // in a queue
  const void* stack = nullptr;    // lowest address
  std::size_t stack_bytes = 0;
  void* sanitizer = nullptr;
};

// First in, first out.
struct Queue {
  Fiber* first = nullptr;
  Fiber* last = nullptr;
  void push(Fiber& fiber) {
    fiber.next = nullptr;
    (first == nullptr ? first : last->next) = &fiber;
    last = &fiber;
  }
  void push_front(Fiber& fiber) {
    fiber.next = first;
    if (first == nullptr) last = &fiber;
    first = &fiber;
  }
  Fiber& pop() {
    Fiber& fiber = *first;
    first = fiber.next;
    return fiber;
  }
  void take_all(Queue& other) {
    if (other.first == nullptr) return;
    (first == nullptr ? first : last->next) = other.first;
    last = other.last;
    other.first = nullptr;
  }
};

extern Fiber* running;
extern Fiber* previous;  // which ran before

// A new fiber, which will run `body` for ever.
Fiber* make_fiber(void (*body)());

#ifdef SIMT_ASAN  // which has to know the stack
void leave(Fiber& from, const Fiber& to);
void enter(Fiber& self);
#elif defined(SIMT_TSAN)
inline void leave(Fiber&, const Fiber& to) { __tsan_switch_to_fiber(to.sanitizer, 0); }
inline void enter(Fiber&) {}
#else
inline void leave(Fiber&, const Fiber&) {}
inline void enter(Fiber&) {}
#endif

// Goes on in another fiber; returns when something switches back to this one. Inline, as is all on
// the way from a kernel to here: after a switch the processor mispredicts every return.
[[gnu::always_inline]] inline void switch_to(Fiber& to) {
  Fiber& from = *running;
  previous = &from;
  running = &to;
  current = &to.thread;
  threadIdx = to.thread.index;
  blockIdx = to.thread.block_index;
  leave(from, to);
  boost::context::fiber came_from = std::move(to.context).resume();
  enter(from);
  previous->context = std::move(came_from);
}

}  // namespace simt
