#!/usr/bin/env bash
# Do carousel and the xLSTM authors' PyTorch package read each other's models and compute the same logits?
#
#   scripts/check_official.sh CAROUSEL MODEL_DIR...
#
# CAROUSEL is the built program, MODEL_DIR a byte-level v1 model it wrote. For development only: the first run makes a
# Python environment of several gigabytes under build/oracle (or CAROUSEL_ORACLE_VENV), with the versions the golden
# files are made with.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${CAROUSEL_ORACLE_VENV:-$root/build/oracle}

if [[ $# -lt 2 ]]; then
  echo "usage: scripts/check_official.sh CAROUSEL MODEL_DIR..." >&2
  exit 2
fi
if [[ ! -e $venv/complete ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet -r "$root/tests/golden/requirements.txt"
  "$venv/bin/pip" install --quiet --no-deps xlstm==2.0.6
  touch "$venv/complete"
fi
exec "$venv/bin/python" "$root/scripts/check_official.py" "$@"
