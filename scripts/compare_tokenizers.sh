#!/usr/bin/env bash
# Does carousel give the token ids that tiktoken and Hugging Face's tokenizers give, and how fast is it beside them?
#
#   scripts/compare_tokenizers.sh VOCAB_JSON FILE...
#
# VOCAB_JSON is GPT-2's vocab.json with its merges.txt beside it, a FILE is a text. Builds carousel and carousel-bench; the
# first call makes a Python environment under build/tokenizers (or CAROUSEL_TOKENIZERS_VENV).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
venv=${CAROUSEL_TOKENIZERS_VENV:-$root/build/tokenizers}

if [[ $# -lt 2 ]]; then
  echo "usage: scripts/compare_tokenizers.sh VOCAB_JSON FILE..." >&2
  exit 2
fi
"$root/scripts/setup.sh" libbenchmark-dev python3-venv
if [[ ! -e $venv/complete ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet -r "$root/tests/golden/tokenizers/requirements.txt"
  touch "$venv/complete"
fi
(cd "$root" && cmake --preset release -DCAROUSEL_BUILD_BENCHMARKS=ON > /dev/null)
cmake --build "$build" --target carousel-program carousel-bench >&2
exec "$venv/bin/python" "$root/scripts/compare_tokenizers.py" "$build/carousel" "$build/carousel-bench" "$@"
