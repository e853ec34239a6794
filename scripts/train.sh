#!/usr/bin/env bash
# Sets up, builds, trains the toy language model on the embedded corpus and prints a sample.
# Usage: scripts/train.sh [options of `carousel train`]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

"$root/scripts/setup.sh"
(cd "$root" && cmake --preset release > /dev/null)
cmake --build "$root/build/release" --target carousel-program >&2
exec "$root/build/release/carousel" train --preset toy --out "$root/build/toy-model" "$@"
