#!/usr/bin/env bash
# Configures and builds one preset.
# SPDX-License-Identifier: Apache-2.0
#
#   scripts/build.sh [PRESET] [TARGET...]      (default: release, everything)
#
# PRESET is one of CMakePresets.json: release, dev, asan, tsan, fuzz.  Results are in build/PRESET.
# JOBS sets the number of compilers at a time (default: one per CPU).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() { sed -n '/^#   scripts/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
  -*)
    usage >&2
    exit 64
    ;;
esac

preset=${1:-release}
[[ $# -eq 0 ]] || shift
jobs=${JOBS:-$(nproc)}

# The same sources give the same objects wherever they lie: a second clone builds from the cache.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

cd "$root"
printf 'build: configuring %s\n' "$preset" >&2
mkdir -p "build/$preset"
log=build/$preset/configure.log
cmake --preset "$preset" >"$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
targets=()
[[ $# -eq 0 ]] || targets=(--target "$@")
printf 'build: %s in build/%s with %s jobs\n' "${*:-everything}" "$preset" "$jobs" >&2
cmake --build --preset "$preset" -j "$jobs" "${targets[@]}"
