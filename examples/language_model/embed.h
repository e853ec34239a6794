// CAROUSEL_EMBED(name, "path"): a function `std::string_view name()` with the bytes of a file,
// which the assembler copies into the program: a string literal of that size takes compilers
// minutes.
#pragma once

#include <string_view>

// clang-format off
#define CAROUSEL_EMBED(name, path)                               \
  asm(".pushsection .rodata\n"                                   \
      ".global carousel_" #name "_begin\n"                       \
      ".global carousel_" #name "_end\n"                         \
      "carousel_" #name "_begin:\n"                              \
      ".incbin \"" path "\"\n"                                   \
      "carousel_" #name "_end:\n"                                \
      ".byte 0\n"                                                \
      ".popsection\n");                                          \
  extern "C" const char carousel_##name##_begin[];               \
  extern "C" const char carousel_##name##_end[];                 \
  static std::string_view name() {                               \
    return {carousel_##name##_begin, carousel_##name##_end};     \
  }                                                              \
  static_assert(true)
// clang-format on
