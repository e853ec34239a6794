#!/usr/bin/env bash
# Sets up, builds and runs all tests.
# Usage: scripts/test.sh [options of ctest]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

"$root/scripts/setup.sh"
(cd "$root" && cmake --preset release -DCAROUSEL_WERROR="${CI:+ON}" > /dev/null)
cmake --build "$root/build/release"
ctest --test-dir "$root/build/release" --output-on-failure --parallel 2 "$@"
