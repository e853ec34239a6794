#!/usr/bin/env bash
# Sets up and builds carousel-bench, with OpenBLAS to compare with, and runs it.
# Usage: scripts/bench.sh [subcommand and options of carousel-bench]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

"$root/scripts/setup.sh" libbenchmark-dev libopenblas-openmp-dev
(cd "$root" && cmake --preset release -DCAROUSEL_BUILD_BENCHMARKS=ON > /dev/null)
cmake --build "$root/build/release" --target carousel-bench >&2
exec "$root/build/release/carousel-bench" "$@"
