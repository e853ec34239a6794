// The product of fragments: each sum in the order of k, in float.
#include <mma.h>

#include "tests/simt/executor.h"

namespace simt {
namespace {

constexpr int kSize = 16, kOwn = 8;

}  // namespace

void multiply_fragments(Warp& warp) {
  float a[kSize][kSize], b[kSize][kSize];
  const FragmentProduct* lanes[32];
  for (int element = 0; element < kSize * kSize; ++element) {
    const int lane = element / kOwn, own = element % kOwn;
    lanes[lane] = reinterpret_cast<const FragmentProduct*>(warp.lanes[lane].value);
    a[element / kSize][element % kSize] = lanes[lane]->a[own];
    b[element / kSize][element % kSize] = lanes[lane]->b[own];
  }
  for (int element = 0; element < kSize * kSize; ++element) {
    const FragmentProduct& lane = *lanes[element / kOwn];
    float sum = lane.c[element % kOwn];
    for (int k = 0; k < kSize; ++k) sum += a[element / kSize][k] * b[k][element % kSize];
    lane.d[element % kOwn] = sum;
  }
}

}  // namespace simt
