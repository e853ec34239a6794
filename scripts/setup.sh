#!/usr/bin/env bash
# Makes sure that everything the build needs is installed. Does nothing when it is.
# Usage: scripts/setup.sh [more Debian packages …]
set -euo pipefail

packages=(g++ cmake ninja-build libfmt-dev libcli11-dev nlohmann-json3-dev doctest-dev
  libboost-context-dev libxxhash-dev pkg-config libpcre2-dev libutf8proc-dev robin-map-dev
  libjs-dygraphs "$@")

if ! command -v apt-get dpkg-query > /dev/null; then
  missing=()
  for tool in c++ cmake ninja pkg-config; do
    command -v "$tool" > /dev/null || missing+=("$tool")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: no apt-get here and no ${missing[*]}; install a C++20 compiler with OpenMP (g++ >= 12 or" \
      "clang >= 14), cmake >= 3.25, ninja, pkg-config, fmt >= 9, CLI11, nlohmann-json, doctest, Boost," \
      "PCRE2, utf8proc, robin-map, xxHash and dygraphs, then run this again" >&2
    exit 1
  fi
  echo "setup: no apt-get here; the build expects fmt >= 9, CLI11, nlohmann-json, doctest, Boost," \
    "robin-map and dygraphs where CMake sees them, xxHash where the compiler does, PCRE2 and utf8proc where pkg-config does" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2> /dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    echo "setup: not root and no sudo; as root, run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "setup: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
