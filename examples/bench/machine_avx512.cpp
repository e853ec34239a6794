#if defined(__x86_64__)

#define CAROUSEL_AVX512
#include "examples/bench/fma_loop.h"
#include "examples/bench/machine.h"

namespace carousel::bench {

float fma_loop_avx512(std::int64_t rounds) { return avx512::fma_loop<fma_chains>(rounds); }

}  // namespace carousel::bench

#endif
