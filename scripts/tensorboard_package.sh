#!/usr/bin/env bash
# Prints the path of a Python that has the tensorboard package, and Pillow, which comes with it.
#
# For checks only: the first call makes an environment of some 150 megabytes under build/tensorboard.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/build/tensorboard

if [[ ! -e $venv/complete ]]; then
  {
    "$root/scripts/setup.sh" python3-venv
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet tensorboard==2.20.0
    touch "$venv/complete"
  } >&2
fi
echo "$venv/bin/python"
