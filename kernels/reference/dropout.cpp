//   y_i += x_i / (1 − p) where u_i ≥ p, for the step's uniform numbers u

#include "kernels/dropout.h"

#include "core/parallel.h"
#include "kernels/reference/reference.h"

namespace carousel::reference {

template <class Real>
void dropout(const Dropout<Real>& a) {
  if (a.y == nullptr) return;
  const Real scale = static_cast<Real>(1 / (1 - a.probability));
  const std::uint64_t first = first_number(a.step);
  parallel_for(a.N, grain_for(16), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      if (a.random.uniform(first + static_cast<std::uint64_t>(i)) >= a.probability)
        a.y[i] += a.x[i] * scale;
    }
  });
}

template void dropout(const Dropout<float>&);
template void dropout(const Dropout<double>&);

}  // namespace carousel::reference
