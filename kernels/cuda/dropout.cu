#include <cmath>

#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/dropout.h"

namespace carousel::cuda {

namespace {

// Number n is uniform(n) = (bits(n) >> 11) / 2^53 ≥ probability where bits(n) >> 11 is at least
// ⌈probability · 2^53⌉: no division.
template <class Real>
struct Kept {
  Dropout<Real> a;
  Wide<Real> scale;
  std::uint64_t least;

  template <int width>
  __device__ void run(std::int64_t i) const {
    auto y = load<width>(a.y + i);
    const auto x = load<width>(a.x + i);
    const std::uint64_t index = first_number(a.step) + static_cast<std::uint64_t>(i);
    if constexpr (width == 1) {
      if (a.random.bits(index) >> 11 >= least) y.at[0] += x.at[0] * scale;
    } else {
      for (int k = 0; k < width; k += 2) {  // two elements share a block of random bits
        const auto bits = a.random.pair_bits((index + static_cast<unsigned>(k)) / 2);
        if (bits[0] >> 11 >= least) y.at[k] += x.at[k] * scale;
        if (bits[1] >> 11 >= least) y.at[k + 1] += x.at[k + 1] * scale;
      }
    }
    store(a.y + i, y);
  }
};

}  // namespace

template <class Real>
void dropout(const Dropout<Real>& a) {
  if (a.y == nullptr) return;
  const auto least = static_cast<std::uint64_t>(std::ceil(a.probability * 0x1p53));
  for_each_element<Real>(a.N, {a.x, a.y},
                         Kept<Real>{a, static_cast<Wide<Real>>(1 / (1 - a.probability)), least});
}

template void dropout(const Dropout<float>&);
template void dropout(const Dropout<double>&);
template void dropout(const Dropout<bf16>&);

}  // namespace carousel::cuda
