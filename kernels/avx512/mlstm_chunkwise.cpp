#define CAROUSEL_AVX512
#include "kernels/avx2/mlstm_chunkwise.cpp"
