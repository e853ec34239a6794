#!/usr/bin/env bash
# Are the web pages that carousel writes whole when a browser shows them?
#
#   scripts/check_pages.sh OUT_DIR PAGE...
#
# Opens every page in headless Chromium, light and dark, and leaves screenshots in OUT_DIR. Wants no message on the
# console, at least one chart, and in every chart a curve. The colours of its legend may be missing in fewer than half of
# the charts that name them: a curve may lie under another.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [[ $# -lt 2 ]]; then
  echo "usage: scripts/check_pages.sh OUT_DIR PAGE..." >&2
  exit 2
fi
"$root/scripts/setup.sh" chromium python3-pil
exec /usr/bin/python3 "$root/scripts/check_pages.py" "$@"
