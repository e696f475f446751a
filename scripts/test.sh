#!/usr/bin/env bash
# Installs, builds and runs the tests.
# SPDX-License-Identifier: Apache-2.0
#
#   sudo scripts/test.sh [--quick]
#
#   --quick  unit tests of the dev build only; works without root when nothing must be installed
#
# In full: the release build with style checks and integration tests, then AddressSanitizer with
# UndefinedBehaviorSanitizer (unit tests, the charon plugin and a short lab run) and clang-tidy of
# the files that changed last, then ThreadSanitizer for what is threaded outside the dataplane,
# then the fuzz targets, 20 s each.
# Results: build/PRESET/junit-*.xml.  Safe to run twice.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

usage() { sed -n '/^#   sudo/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
say() { printf '\ntest: [%4d s] %s\n' "$SECONDS" "$*" >&2; }
quick=0
case ${1:-} in
  '') ;;
  --quick) quick=1 ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 64
    ;;
esac

run_tests() { # PRESET NAME CTEST-ARGUMENTS...
  local preset=$1 name=$2
  shift 2
  (cd "$root/build/$preset" &&
    ctest --output-on-failure --no-tests=error --output-junit "junit-$name.xml" "$@")
}

"$here/install-deps.sh"
if [[ $quick -eq 1 ]]; then
  say "dev build"
  "$here/build.sh" dev
  run_tests dev unit -L unit -j "$(nproc)"
  say "passed (quick)"
  exit 0
fi
[[ $EUID -eq 0 ]] || {
  printf 'test: error: the integration tests need root: sudo scripts/test.sh, or --quick\n' >&2
  exit 77
}

say "release build"
"$here/build.sh" release
say "kube-apiserver for the tests"
"$here/build-kube-apiserver.sh" >/dev/null

say "style checks"
run_tests release style -L unit -j "$(nproc)"
say "integration tests"
run_tests release integration -L integration

say "build with AddressSanitizer and UndefinedBehaviorSanitizer"
"$here/build.sh" asan
say "clang-tidy of what changed"
"$here/lint.sh" --limit 10 asan
say "unit tests, the charon plugin and a short lab run with them"
run_tests asan sanitized -L 'unit|lab-smoke|ike-plugin' -j "$(nproc)"

# Only what is threaded outside the dataplane: each of these tests is a target of the same name.
say "build with ThreadSanitizer"
cmake -S "$root" --preset tsan >/dev/null
mapfile -t threaded < <(cd "$root/build/tsan" && ctest -L threads --show-only=json-v1 |
  jq -r '.tests[].name')
"$here/build.sh" tsan "${threaded[@]}"
say "threaded tests with it"
run_tests tsan threads -L threads

say "fuzz targets"
"$here/fuzz.sh" --seconds 20
say "lines of the parsers that the kept corpus reaches"
"$here/fuzz.sh" --coverage
say "passed"
