#include "tests/simt/fiber.h"

#include <boost/context/protected_fixedsize_stack.hpp>

#ifdef SIMT_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

uint3 threadIdx, blockIdx;

namespace simt {
namespace {

Fiber launcher;  // the caller of execute()
Fiber* previous = nullptr;

#ifdef SIMT_ASAN
constexpr std::size_t kStackBytes = std::size_t{256} << 10;
void leave(Fiber& from, const Fiber& to) {
  __sanitizer_start_switch_fiber(&from.sanitizer, to.stack, to.stack_bytes);
}
void enter(Fiber& self) {
  const void* stack = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(self.sanitizer, &stack, &bytes);
  if (previous->stack == nullptr) {  // the launcher, whose stack the system made
    previous->stack = stack;
    previous->stack_bytes = bytes;
  }
}
#else
constexpr std::size_t kStackBytes = std::size_t{64} << 10;
void leave(Fiber&, const Fiber&) {}
void enter(Fiber&) {}
#endif

// Remembers the stack that the fiber is given; a page before it catches an overflow.
struct Stack {
  Fiber* fiber;
  boost::context::protected_fixedsize_stack pages{kStackBytes};
  boost::context::stack_context allocate() {
    const boost::context::stack_context stack = pages.allocate();
    fiber->stack_bytes = stack.size - boost::context::stack_traits::page_size();
    fiber->stack = static_cast<char*>(stack.sp) - fiber->stack_bytes;
    return stack;
  }
  void deallocate(boost::context::stack_context& stack) { pages.deallocate(stack); }
};

}  // namespace

Fiber* running = &launcher;
Thread* current = &launcher.thread;

Fiber* make_fiber(void (*body)()) {
  auto* fiber = new Fiber;
  fiber->context = boost::context::fiber(std::allocator_arg, Stack{fiber},
                                         [body, fiber](boost::context::fiber&& from) {
                                           enter(*fiber);
                                           previous->context = std::move(from);
                                           body();
                                           return boost::context::fiber();
                                         });
  return fiber;
}

void switch_to(Fiber& to) {
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
