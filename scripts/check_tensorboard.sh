#!/usr/bin/env bash
# Does the tensorboard package read from a run's event file what the run's metrics.jsonl and speed.jsonl say?
#
#   scripts/check_tensorboard.sh RUN_DIR...
#
# RUN_DIR was written by `carousel train --tensorboard`. Needs scripts/tensorboard_package.sh.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [[ $# -lt 1 ]]; then
  echo "usage: scripts/check_tensorboard.sh RUN_DIR..." >&2
  exit 2
fi
python=$("$root/scripts/tensorboard_package.sh")
exec "$python" "$root/scripts/check_tensorboard.py" "$@"
