#!/usr/bin/env bash
# Rewrites the generated files, from what the programs and the tests say about themselves.
# SPDX-License-Identifier: Apache-2.0
#
#   scripts/generate.sh [--check] [PRESET | BUILD_DIR]     (default: release)
#
#   --check  change nothing; exit 1 with the difference when a committed file is stale
#
# configs/<name>.yaml   sample configuration of raven-<name>   (--print-sample-config)
# configs/settings.md   all settings of all programs           (--print-settings)
# configs/metrics.md    all metrics of all programs            (--print-metrics)
# configs/grafana.json  a Grafana board of them                (scripts/grafana.py)
# configs/deploy/*.yaml the version in the names of images      (--version)
# dataplane/RULES.md    rules of the standards and their tests  (scripts/rules.py)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly programs=(dataplane gateway-agent controller agent-lite)

usage() { sed -n '/^#   scripts/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
check=0
build=release
for argument in "$@"; do
  case $argument in
    --check) check=1 ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*)
      usage >&2
      exit 64
      ;;
    *) build=$argument ;;
  esac
done
[[ -d $build/bin ]] || build=$root/build/$build
[[ -d $build/bin ]] || {
  printf 'generate: error: no programs in %s/bin: run scripts/build.sh first\n' "$build" >&2
  exit 69
}

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

# One Markdown file with a section per program.
reference() { # TITLE OPTION
  local name
  printf '# %s\n\nWritten by scripts/generate.sh: do not edit.\n' "$1"
  for name in "${programs[@]}"; do
    printf '\n'
    "$build/bin/raven-$name" "$2"
  done
}

for name in "${programs[@]}"; do
  "$build/bin/raven-$name" --print-sample-config >"$fresh/$name.yaml"
done
reference Settings --print-settings >"$fresh/settings.md"
reference Metrics --print-metrics >"$fresh/metrics.md"
"$root/scripts/grafana.py" "$fresh/metrics.md" >"$fresh/grafana.json"
mkdir "$fresh/deploy"
version=$("$build/bin/raven-controller" --version)
for file in "$root"/configs/deploy/*.yaml; do
  sed "s|image: raven-gateway:.*|image: raven-gateway:${version##* }|" "$file" \
    >"$fresh/deploy/${file##*/}"
done

if [[ $check -eq 1 ]]; then
  stale=0
  "$root/scripts/rules.py" --check || stale=1
  while read -r file; do
    diff -u "$root/configs/$file" "$fresh/$file" || stale=1
  done < <(cd "$fresh" && find . -type f -printf '%P\n')
  [[ $stale -eq 0 ]] || {
    printf 'generate: error: generated files are stale: run scripts/generate.sh\n' >&2
    exit 1
  }
else
  "$root/scripts/rules.py"
  cp -r "$fresh"/* "$root/configs/"
  printf 'generate: wrote %s\n' "$(cd "$fresh" && echo *)" >&2
fi
