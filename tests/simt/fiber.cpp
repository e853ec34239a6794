#include "tests/simt/fiber.h"

#include <boost/context/protected_fixedsize_stack.hpp>

#ifdef SIMT_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

uint3 threadIdx, blockIdx;

namespace simt {
namespace {

Fiber launcher;  // the caller of execute()

#ifdef SIMT_ASAN
constexpr std::size_t kStackBytes = std::size_t{256} << 10;
#else
constexpr std::size_t kStackBytes = std::size_t{64} << 10;
#endif

// Remembers the stack that the fiber is given; a page before it catches an overflow. The stacks
// begin at different places of their first page: else all of them would share a few cache lines.
struct Stack {
  Fiber* fiber;
  boost::context::protected_fixedsize_stack pages{kStackBytes};
  boost::context::stack_context allocate() {
    static std::size_t made = 0;
    boost::context::stack_context stack = pages.allocate();
    const std::size_t skipped = made++ * 9 % 32 * 128;
    stack.sp = static_cast<char*>(stack.sp) - skipped;
    stack.size -= skipped;
    fiber->stack_bytes = stack.size - boost::context::stack_traits::page_size();
    fiber->stack = static_cast<char*>(stack.sp) - fiber->stack_bytes;
    return stack;
  }
  void deallocate(boost::context::stack_context&) {}  // fibers stay until the program ends
};

}  // namespace

Fiber* running = &launcher;
Fiber* previous = nullptr;
Thread* current = &launcher.thread;

#ifdef SIMT_ASAN
void leave(Fiber& from, const Fiber& to) {
  __sanitizer_start_switch_fiber(&from.sanitizer, to.stack, to.stack_bytes);
}
void enter(Fiber& self) {
  const void* stack = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(self.sanitizer, &stack, &bytes);
  if (previous == &launcher) {  // whose stack the system made
    launcher.stack = stack;
    launcher.stack_bytes = bytes;
  }
}
#endif

Fiber* make_fiber(void (*body)()) {
  auto* fiber = new Fiber;
#ifdef SIMT_TSAN
  fiber->sanitizer = __tsan_create_fiber(0);
#endif
  fiber->context = boost::context::fiber(std::allocator_arg, Stack{fiber},
                                         [body, fiber](boost::context::fiber&& from) {
                                           enter(*fiber);
                                           previous->context = std::move(from);
                                           body();
                                           return boost::context::fiber();
                                         });
  return fiber;
}

}  // namespace simt
