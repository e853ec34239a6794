// A row is read once: its team of threads keeps it in registers. RMS norm is this without a mean
// (a null pointer).

#include <algorithm>
#include <type_traits>

#include "core/error.h"
#include "core/tensor.h"
#include "kernels/cuda/cuda.h"
#include "kernels/cuda/elements.h"
#include "kernels/cuda/row_sums.h"
#include "kernels/cuda/team.h"
#include "kernels/layer_norm.h"

namespace carousel::cuda {

namespace {

constexpr int most_threads = 512;  // of a team

// Elements of a row that a thread has in registers, 64 bytes; four times as many for the few rows
// that are longer than most_threads of them.
template <class Real>
constexpr int kept = static_cast<int>(64 / sizeof(Wide<Real>));

// What a thread has of a row: packs p · blockDim.x + threadIdx.x p · blockDim.x + threadIdx.x of
// `width` neighbours each.
template <class Real, int width, int packs>
struct Part {
  Elements<Wide<Real>, width> at[packs] = {};

  // Calls body(p, c, at[p]) for those that begin at columns c of C.
  template <class Body>
  __device__ void each(std::int64_t C, const Body& body) {
    for (int p = 0; p < packs; ++p) {
      const std::int64_t c = (std::int64_t{p} * blockDim.x + threadIdx.x) * width;
      if (c < C) body(p, c, at[p]);
    }
  }
};

// A team per row. C is 0 for a team without a row, which waits with the others of its block.
template <class Real, int width, int packs>
__global__ void __launch_bounds__(most_threads) forward_kernel(LayerNormForward<Real> a) {
  SharedMemory shared;
  const auto scratch = shared.take<Wide<Real>>(most_warps);
  const std::int64_t row = std::int64_t{blockIdx.x} * blockDim.y + threadIdx.y;
  const std::int64_t C = row < a.N * a.G ? a.C : 0, start = row * a.C;
  Part<Real, width, packs> x;
  using Pack = Elements<Wide<Real>, width>;
  x.each(C, [&](int, std::int64_t c, Pack& mine) { mine = load<width>(a.x + start + c); });
  if (a.branch != nullptr) {
    x.each(C, [&](int, std::int64_t c, Pack& mine) {
      const auto branch = load<width>(a.branch + start + c);
      for (int k = 0; k < width; ++k) mine.at[k] += branch.at[k];
    });
    x.each(C, [&](int, std::int64_t c, Pack& mine) { store(a.sum + start + c, mine); });
  }

  const auto count = static_cast<Wide<Real>>(a.C);
  Wide<Real> mean = 0, squares = 0;
  if (a.mean != nullptr) {
    x.each(C, [&](int, std::int64_t, Pack& mine) {
      for (int k = 0; k < width; ++k) mean += mine.at[k];
    });
    mean = team_sum(mean, scratch) / count;
  }
  x.each(C, [&](int, std::int64_t, Pack& mine) {
    for (int k = 0; k < width; ++k) {
      mine.at[k] -= mean;
      squares += mine.at[k] * mine.at[k];
    }
  });
  const auto variance = team_sum(squares, scratch) / count;
  const auto rstd = 1 / std::sqrt(variance + static_cast<Wide<Real>>(a.eps));

  const std::int64_t channel = row % a.G * a.C;
  const auto offset = static_cast<Wide<Real>>(a.weight_offset);
  x.each(C, [&](int, std::int64_t c, Pack& mine) {
    for (int k = 0; k < width; ++k) mine.at[k] *= rstd;
    if (a.weight != nullptr) {
      const auto weight = load<width>(a.weight + channel + c);
      for (int k = 0; k < width; ++k) mine.at[k] *= offset + weight.at[k];
    }
    if (a.bias != nullptr) {
      const auto bias = load<width>(a.bias + channel + c);
      for (int k = 0; k < width; ++k) mine.at[k] += bias.at[k];
    }
    store(a.y + start + c, mine);
  });
  if (C == 0 || threadIdx.x != 0) return;
  if (a.mean != nullptr) a.mean[row] = mean;
  a.rstd[row] = rstd;
}

// A block goes over a range of rows n of one group; its teams take turns. A thread has the same
// channels in each of them, and keeps their sums in registers. partial: (2, ranges · teams, G, C)
template <class Real, int width, int packs>
__global__ void __launch_bounds__(most_threads)
    backward_kernel(LayerNormBackward<Real> a, std::int64_t range, Wide<Real>* partial) {
  SharedMemory shared;
  const auto scratch = shared.take<Wide<Real>>(most_warps);
  const std::int64_t group = blockIdx.x % a.G, channel = group * a.C;
  const std::int64_t begin = blockIdx.x / a.G * range, end = min(a.N, begin + range);
  const auto offset = static_cast<Wide<Real>>(a.weight_offset);
  const auto count = static_cast<Wide<Real>>(a.C);
  using Pack = Elements<Wide<Real>, width>;
  Part<Real, width, packs> dweight, dbias;
  for (std::int64_t first = begin; first < end; first += blockDim.y) {
    const std::int64_t n = first + threadIdx.y, row = n * a.G + group, start = row * a.C;
    const std::int64_t C = n < end ? a.C : 0;  // 0: a team without a row
    const auto mean = C == 0 || a.mean == nullptr ? Wide<Real>{0} : a.mean[row];
    const auto rstd = C == 0 ? Wide<Real>{0} : a.rstd[row];
    Part<Real, width, packs> normal, g;
    normal.each(C, [&](int, std::int64_t c, Pack& x) { x = load<width>(a.x + start + c); });
    g.each(C, [&](int, std::int64_t c, Pack& dy) { dy = load<width>(a.dy + start + c); });
    Wide<Real> sum_g = 0, sum_gx = 0;
    normal.each(C, [&](int p, std::int64_t c, Pack& x) {
      Pack& dy = g.at[p];
      for (int k = 0; k < width; ++k) {
        x.at[k] = (x.at[k] - mean) * rstd;
        dweight.at[p].at[k] += dy.at[k] * x.at[k];
        dbias.at[p].at[k] += dy.at[k];
      }
      if (a.weight != nullptr) {
        const auto weight = load<width>(a.weight + channel + c);
        for (int k = 0; k < width; ++k) dy.at[k] *= offset + weight.at[k];
      }
      for (int k = 0; k < width; ++k) {
        sum_g += dy.at[k];
        sum_gx += dy.at[k] * x.at[k];
      }
    });
    if (a.dx == nullptr && a.dbranch == nullptr) continue;
    sum_g = a.mean == nullptr ? Wide<Real>{0} : team_sum(sum_g, scratch) / count;
    sum_gx = team_sum(sum_gx, scratch) / count;
    g.each(C, [&](int p, std::int64_t c, Pack& dx) {
      for (int k = 0; k < width; ++k)
        dx.at[k] = rstd * (dx.at[k] - sum_g - normal.at[p].at[k] * sum_gx);
      if (a.dsum != nullptr) {
        const auto dsum = load<width>(a.dsum + start + c);
        for (int k = 0; k < width; ++k) dx.at[k] += dsum.at[k];
      }
      if (a.dx != nullptr) add_to(a.dx + start + c, dx);
      if (a.dbranch != nullptr) add_to(a.dbranch + start + c, dx);
    });
  }
  if (partial == nullptr) return;
  const std::int64_t teams = gridDim.x / a.G * blockDim.y;
  const std::int64_t team = blockIdx.x / a.G * blockDim.y + threadIdx.y;
  const auto keep = [&](Part<Real, width, packs>& sums, std::int64_t slot) {
    sums.each(a.C, [&](int, std::int64_t c, Pack& sum) {
      store(partial + slot * a.G * a.C + channel + c, sum);
    });
  };
  keep(dweight, team);
  keep(dbias, teams + team);
}

// Teams of `threads` threads each for rows of C, whose elements they hold in `packs` packs.
struct Teams {
  int width, packs;
  std::int64_t threads, teams;  // of a block

  dim3 block() const { return {static_cast<unsigned>(threads), static_cast<unsigned>(teams)}; }
};

template <class Real>
Teams teams_for(std::int64_t C, bool wide) {
  const int width = wide ? pack<Real> : 1, few = kept<Real> / width;
  const int packs = C <= most_threads * kept<Real> ? few : 4 * few;
  CAROUSEL_CHECK(C <= std::int64_t{most_threads} * packs * width,
                 "device cuda: a norm got {} channels in a group, want at most {}", C,
                 4 * most_threads * kept<Real>);
  const std::int64_t each = packs * width, threads = ((C + each - 1) / each + 31) / 32 * 32;
  return {width, packs, threads, std::max<std::int64_t>(1, 128 / threads)};
}

// Calls visit(width, packs) with what `teams` has as constants.
template <class Real, class Visit>
void with_constants(const Teams& teams, const Visit& visit) {
  constexpr int wide = pack<Real>, few = kept<Real>;
  const auto with_packs = [&](auto width) {
    constexpr int packs = few / width();
    if (teams.packs == packs) {
      visit(width, std::integral_constant<int, packs>{});
    } else {
      visit(width, std::integral_constant<int, 4 * packs>{});
    }
  };
  if (teams.width == 1) {
    with_packs(std::integral_constant<int, 1>{});
  } else {
    with_packs(std::integral_constant<int, wide>{});
  }
}

}  // namespace

template <class Real>
void layer_norm_forward(const LayerNormForward<Real>& a) {
  const std::int64_t rows = a.N * a.G;
  if (rows * a.C == 0) return;
  const bool wide = packs_fit<Real>({a.x, a.weight, a.bias, a.y, a.branch, a.sum}, {a.C});
  const auto teams = teams_for<Real>(a.C, wide);
  with_constants<Real>(teams, [&](auto width, auto packs) {
    launch(forward_kernel<Real, width(), packs()>,
           static_cast<unsigned>((rows + teams.teams - 1) / teams.teams), teams.block(),
           shared_bytes<Wide<Real>>(most_warps), a);
  });
}

template <class Real>
void layer_norm_backward(const LayerNormBackward<Real>& a) {
  if (a.N * a.G * a.C == 0) return;
  const bool wide =
      packs_fit<Real>({a.dy, a.x, a.weight, a.dx, a.dweight, a.dbias, a.dsum, a.dbranch}, {a.C});
  const auto teams = teams_for<Real>(a.C, wide);
  // Enough teams to keep the device busy, and enough rows for each that their sums cost little.
  constexpr std::int64_t most_teams = 2048, least_rows = 4;
  const std::int64_t blocks = std::max<std::int64_t>(1, most_teams / teams.teams / a.G);
  const std::int64_t range = std::max(least_rows * teams.teams, (a.N + blocks - 1) / blocks);
  const std::int64_t ranges = (a.N + range - 1) / range, sums = ranges * teams.teams;
  Tensor<Wide<Real>> partial;
  if (a.dweight != nullptr || a.dbias != nullptr)
    partial = Tensor<Wide<Real>>({2, sums, a.G * a.C}, Device::cuda);
  with_constants<Real>(teams, [&](auto width, auto packs) {
    launch(backward_kernel<Real, width(), packs()>, static_cast<unsigned>(ranges * a.G),
           teams.block(), shared_bytes<Wide<Real>>(most_warps), a, range, partial.mutable_data());
  });
  if (a.dweight != nullptr) add_partial_sums(partial.data(), sums, a.G * a.C, a.dweight);
  if (a.dbias != nullptr)
    add_partial_sums(partial.data() + sums * a.G * a.C, sums, a.G * a.C, a.dbias);
}

template void layer_norm_forward(const LayerNormForward<float>&);
template void layer_norm_forward(const LayerNormForward<double>&);
template void layer_norm_forward(const LayerNormForward<bf16>&);
template void layer_norm_backward(const LayerNormBackward<float>&);
template void layer_norm_backward(const LayerNormBackward<double>&);
template void layer_norm_backward(const LayerNormBackward<bf16>&);

}  // namespace carousel::cuda
