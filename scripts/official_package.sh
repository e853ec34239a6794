#!/usr/bin/env bash
# Prints the path of a Python that has the xLSTM authors' PyTorch package, in the versions the golden files are made with.
#
# For development only: the first call makes an environment of several gigabytes under build/oracle
# (or CAROUSEL_ORACLE_VENV).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${CAROUSEL_ORACLE_VENV:-$root/build/oracle}

if [[ ! -e $venv/complete ]]; then
  {
    "$root/scripts/setup.sh" python3-venv
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet -r "$root/tests/golden/requirements.txt"
    "$venv/bin/pip" install --quiet --no-deps xlstm==2.0.6
    touch "$venv/complete"
  } >&2
fi
echo "$venv/bin/python"
