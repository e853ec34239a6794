#!/usr/bin/env bash
# Do carousel and the xLSTM authors' PyTorch package read each other's models and compute the same logits?
#
#   scripts/check_official.sh CAROUSEL MODEL_DIR...
#
# CAROUSEL is the built program, MODEL_DIR a byte-level v1 model it wrote. Needs scripts/official_package.sh.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [[ $# -lt 2 ]]; then
  echo "usage: scripts/check_official.sh CAROUSEL MODEL_DIR..." >&2
  exit 2
fi
python=$("$root/scripts/official_package.sh")
exec "$python" "$root/scripts/check_official.py" "$@"
