#define CAROUSEL_AVX512
#include "kernels/avx2/block_diagonal.cpp"
