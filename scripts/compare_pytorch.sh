#!/usr/bin/env bash
# How fast is carousel beside PyTorch, for the same model and batch on the same machine?
#
#   scripts/compare_pytorch.sh [--case NAME] [--rounds N] [--threads N]    (--help lists the cases)
#
# Builds carousel-bench and needs scripts/official_package.sh.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release

"$root/scripts/setup.sh" libbenchmark-dev
(cd "$root" && cmake --preset release -DCAROUSEL_BUILD_BENCHMARKS=ON > /dev/null)
cmake --build "$build" --target carousel-program carousel-bench >&2
python=$("$root/scripts/official_package.sh")
exec "$python" "$root/scripts/compare_pytorch.py" "$build/carousel" "$build/carousel-bench" "$@"
