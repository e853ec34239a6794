// Matrix fragments of 16 x 16 that a warp multiplies: bfloat16 times bfloat16, added up in float.
// A lane holds 8 elements of each matrix; which ones is nobody's business, as on the device.
#pragma once

#include <cuda_bf16.h>

namespace simt {

// What a lane brings to a product D = A B + C.
struct FragmentProduct {
  const __nv_bfloat16 *a, *b;
  const float* c;
  float* d;
};

// Loads and stores are of the whole warp, but order no memory.
inline void meet_at_fragment(const char* file, int line) {
  meet_lanes({Meeting::fragments, file, line}, 0xffffffffu, 0, 0);
}

}  // namespace simt

namespace nvcuda::wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major, mem_col_major };

template <class Use, int m, int n, int k, class T, class Layout = void>
struct fragment {
  static_assert(m == 16 && n == 16 && k == 16, "the executor has fragments of 16 x 16 only");
  static constexpr int num_elements = 8;
  T x[num_elements];
};

// Calls visit(i, row, column) for every element of this lane.
template <class Visit>
void for_own_elements(Visit visit) {
  for (int i = 0; i < 8; ++i) {
    const int element = static_cast<int>(simt::lane()) * 8 + i;
    visit(i, element / 16, element % 16);
  }
}

template <class Use, int m, int n, int k, class T, class Layout>
void fill_fragment(fragment<Use, m, n, k, T, Layout>& to, const T& value) {
  for (T& x : to.x) x = value;
}

// `from` may point to shared memory.
template <class Use, int m, int n, int k, class T, class Layout, class Pointer>
void load_matrix_sync(fragment<Use, m, n, k, T, Layout>& to, Pointer from, unsigned stride,
                      SIMT_HERE) {
  simt::meet_at_fragment(file, line);
  constexpr bool by_rows = std::is_same_v<Layout, row_major>;
  for_own_elements([&](int i, int row, int column) {
    to.x[i] = by_rows ? from[row * static_cast<std::int64_t>(stride) + column]
                      : from[column * static_cast<std::int64_t>(stride) + row];
  });
}
template <int m, int n, int k, class T, class Pointer>
void load_matrix_sync(fragment<accumulator, m, n, k, T>& to, Pointer from, unsigned stride,
                      layout_t layout, SIMT_HERE) {
  simt::meet_at_fragment(file, line);
  for_own_elements([&](int i, int row, int column) {
    to.x[i] = layout == mem_row_major ? from[row * static_cast<std::int64_t>(stride) + column]
                                      : from[column * static_cast<std::int64_t>(stride) + row];
  });
}
template <int m, int n, int k, class T, class Pointer>
void store_matrix_sync(Pointer to, const fragment<accumulator, m, n, k, T>& from, unsigned stride,
                       layout_t layout, SIMT_HERE) {
  simt::meet_at_fragment(file, line);
  for_own_elements([&](int i, int row, int column) {
    if (layout == mem_row_major)
      to[row * static_cast<std::int64_t>(stride) + column] = from.x[i];
    else
      to[column * static_cast<std::int64_t>(stride) + row] = from.x[i];
  });
}

template <int m, int n, int k, class LayoutA, class LayoutB>
void mma_sync(fragment<accumulator, m, n, k, float>& d,
              const fragment<matrix_a, m, n, k, __nv_bfloat16, LayoutA>& a,
              const fragment<matrix_b, m, n, k, __nv_bfloat16, LayoutB>& b,
              const fragment<accumulator, m, n, k, float>& c, SIMT_HERE) {
  const simt::FragmentProduct lane{a.x, b.x, c.x, d.x};
  simt::meet_lanes({simt::Meeting::fragments, file, line}, 0xffffffffu,
                   reinterpret_cast<std::uintptr_t>(&lane), 0);
}

}  // namespace nvcuda::wmma
