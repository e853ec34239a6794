// Factors of a product, and their copies in the order in which tiles read them.
#pragma once

#include <algorithm>

#include "kernels/avx2/product.h"

CAROUSEL_AVX2_BEGIN

namespace carousel::CAROUSEL_SIMD {

// One matrix of a factor, seen from its product: its lanes are the rows of op(a) or the columns of
// op(b), and along a lane runs the depth k.
template <class Real>
struct Factor {
  const Real* data;
  std::int64_t lane_stride, depth_stride;

  Factor from(std::int64_t lane) const {
    return {data + lane * lane_stride, lane_stride, depth_stride};
  }
};

// Copies full panels side by side, from lanes that are contiguous: line by line, to read whole
// pages.
template <std::int64_t width, class Real>
inline void copy_panels(const Factor<Real>& f, std::int64_t count, std::int64_t K, Real* panels) {
  using P = Pack<Real>;
  const Real* line = f.data;
  for (std::int64_t k = 0; k < K; ++k, line += f.depth_stride) {
    for (std::int64_t i = 0; i < count; ++i) {
      Real* const to = panels + (i * K + k) * width;
      if (width % P::lanes == 0 || k + 1 < K) {
        // Whole packs may run over the width into the next line, but not out of the last.
        for (std::int64_t lane = 0; lane < width; lane += P::lanes) {
          P::load(line + i * width + lane).store(to + lane);
        }
      } else {
        std::copy_n(line + i * width, width, to);
      }
    }
  }
}

// One panel of fewer lanes than its width; those that do not exist are zero.
template <std::int64_t width, class Real>
inline void pack_narrow(const Factor<Real>& f, std::int64_t lanes, std::int64_t K, Real* panel) {
  std::fill_n(panel, K * width, Real{0});
  for (std::int64_t k = 0; k < K; ++k) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      panel[k * width + lane] = f.data[lane * f.lane_stride + k * f.depth_stride];
    }
  }
}

// The panels of a factor, one after the other: (ceil(lanes / width), K, width).
template <std::int64_t width, class Real>
inline void pack_panels(const Factor<Real>& f, std::int64_t lanes, std::int64_t K, Real* panels) {
  const std::int64_t full = lanes / width;
  if (f.depth_stride == 1) {
    for (std::int64_t i = 0; i < full; ++i) {
      transpose(f.from(i * width).data, f.lane_stride, width, K, panels + i * K * width, width);
    }
  } else {
    copy_panels<width>(f, full, K, panels);
  }
  if (full * width < lanes) {
    pack_narrow<width>(f.from(full * width), lanes - full * width, K, panels + full * K * width);
  }
}

}  // namespace carousel::CAROUSEL_SIMD

CAROUSEL_AVX2_END
