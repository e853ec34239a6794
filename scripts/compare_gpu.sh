#!/usr/bin/env bash
# How fast are carousel's CUDA kernels and training steps beside those of others, on this machine's NVIDIA GPU?
#
#   scripts/compare_gpu.sh [--case NAME] [--rounds N]    (--help lists the cases)
#
# Builds carousel-bench and needs scripts/gpu_packages.sh: docs/gpu.md says what is compared.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release

if [[ " $* " != *" --help "* ]] && ! nvidia-smi -L 2> /dev/null | grep -q '^GPU'; then
  echo "compare_gpu: this machine has no NVIDIA GPU (nvidia-smi lists none)" >&2
  exit 1
fi
if [[ " $* " == *" --help "* ]]; then
  exec python3 "$root/scripts/compare_gpu.py" --help
fi

"$root/scripts/setup.sh" libbenchmark-dev
(cd "$root" && cmake --preset release -DCAROUSEL_BUILD_BENCHMARKS=ON -DCAROUSEL_CUDA=ON > /dev/null)
cmake --build "$build" --target carousel-program carousel-bench >&2
python=$("$root/scripts/gpu_packages.sh")
exec "$python" "$root/scripts/compare_gpu.py" --carousel "$build/carousel" --bench "$build/carousel-bench" "$@"
