// CAROUSEL_UNROLL before a loop of constant length: arrays that it indexes stay in registers.
#pragma once

#ifdef __CUDACC__
#define CAROUSEL_UNROLL _Pragma("unroll")
#else
#define CAROUSEL_UNROLL
#endif
