#!/usr/bin/env bash
# Checks style: clang-format, clang-tidy, shellcheck, and that Python compiles.
# SPDX-License-Identifier: Apache-2.0
#
#   scripts/lint.sh [--fix] [--all] [PRESET | BUILD_DIR]      (default: dev)
#
#   --fix  let clang-format rewrite the files
#   --all  clang-tidy over every source file, not only over those that differ from the main branch
#
# clang-tidy needs compile_commands.json of a configured build (scripts/build.sh) and is left out,
# with a note, without it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

usage() { sed -n '/^#   scripts/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
say() { printf 'lint: %s\n' "$*" >&2; }
fix=0 all=0 preset=dev
for argument in "$@"; do
  case $argument in
    --fix) fix=1 ;;
    --all) all=1 ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*)
      usage >&2
      exit 64
      ;;
    *) preset=$argument ;;
  esac
done

failed=0
check() { # NAME COMMAND...
  say "$1"
  shift
  "$@" || failed=1
}

# Plain C keeps to the style of strongSwan, which it extends.
mapfile -t cpp < <(git ls-files '*.cc' '*.h' ':!ctrl/ike/plugin' ':!common/dpapi/sa_socket.h')
mapfile -t shell < <(git ls-files '*.sh' .ci/run)
mapfile -t python < <(git ls-files '*.py' scripts/lab)

format=(clang-format --style=file)
if [[ $fix -eq 1 ]]; then
  check "clang-format: ${#cpp[@]} files, rewriting" "${format[@]}" -i "${cpp[@]}"
else
  check "clang-format: ${#cpp[@]} files" "${format[@]}" --dry-run --Werror "${cpp[@]}"
fi
check "shellcheck: ${#shell[@]} files" shellcheck -x -e SC2016 "${shell[@]}"
compile_python='import sys
for path in sys.argv[1:]:
    compile(open(path, encoding="utf-8").read(), path, "exec")'
check "python: ${#python[@]} files" /usr/bin/python3 -c "$compile_python" "${python[@]}"

# Files that git knows and that differ from the base (all of them with --all).
changed_sources() {
  local base
  if [[ $all -eq 1 ]]; then
    git ls-files '*.cc'
    return
  fi
  base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse -q --verify HEAD~1 || true)
  [[ -z $base ]] || git diff --name-only --diff-filter=d "$base" -- '*.cc'
}

build=$preset
[[ -r $build/compile_commands.json ]] || build=build/$preset
if [[ -r $build/compile_commands.json ]]; then
  mapfile -t sources < <(changed_sources)
  if [[ ${#sources[@]} -gt 0 ]]; then
    check "clang-tidy: ${#sources[@]} files" \
      clang-tidy --quiet --warnings-as-errors='*' -p "$build" "${sources[@]}"
  fi
else
  say "clang-tidy left out: no $build/compile_commands.json (scripts/build.sh $preset)"
fi

[[ $failed -eq 0 ]] || say "failed"
exit "$failed"
