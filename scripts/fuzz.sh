#!/usr/bin/env bash
# Fuzzes the parsers of outside bytes: libFuzzer, AddressSanitizer, UndefinedBehaviorSanitizer.
# SPDX-License-Identifier: Apache-2.0
#
#   scripts/fuzz.sh [--seconds N] [--target NAME]... [--jobs N] [--coverage | --minimize]
#
#   --seconds N    how long each target runs (default: 20)
#   --target NAME  only this one (may be given again; default: all of tests/fuzz)
#   --jobs N       targets at a time (default: one per CPU)
#   --coverage     run nothing new: lines of the parsers (tests/fuzz/parsers.txt) that the kept
#                  corpus reaches; fails below 95 %
#   --minimize     run nothing new: make the kept corpus of what reaches something, of the old one,
#                  the seeds and what earlier runs have found
#
# The kept corpus is tests/fuzz/corpus; what is found lies in build/fuzz/found and crashes in
# build/fuzz/crashes.  Exit 1 with the command that repeats a crash when there is one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
readonly corpus=$root/tests/fuzz/corpus build=$root/build/fuzz
readonly programs=$build/fuzz llvm=/usr/lib/llvm-14/bin coverage_min=95

usage() { sed -n '/^#   scripts/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
say() { printf 'fuzz: %s\n' "$*" >&2; }
die() {
  say "error: $1"
  exit "${2:-69}"
}

seconds=20 jobs=$(nproc) mode=run targets=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --seconds) seconds=${2:?} && shift ;;
    --target) targets+=("${2:?}") && shift ;;
    --jobs) jobs=${2:?} && shift ;;
    --coverage) mode=coverage ;;
    --minimize) mode=minimize ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 64
      ;;
  esac
  shift
done
if [[ ${#targets[@]} -eq 0 ]]; then
  for file in "$root"/tests/fuzz/*_fuzz.cc; do
    file=${file##*/}
    targets+=("${file%_fuzz.cc}")
  done
fi
for target in "${targets[@]}"; do
  [[ -e $root/tests/fuzz/${target}_fuzz.cc ]] || die "there is no target $target" 64
done

# Runs "$1 TARGET" for all targets, some at a time.
for_each_target() {
  local target
  for target in "${targets[@]}"; do
    while (($(jobs -rp | wc -l) >= jobs)); do wait -n || true; done
    "$1" "$target" &
  done
  wait
}

# Leaks are looked for when a program ends, not after each input: that took most of the time.
start() { # TARGET ARGUMENTS...
  local target=$1 options=(-timeout=25 -rss_limit_mb=2048 -detect_leaks=0 -print_funcs=0)
  options+=(-artifact_prefix="$build/crashes/$target-")
  shift
  [[ ! -e $root/tests/fuzz/$target.dict ]] || options+=("-dict=$root/tests/fuzz/$target.dict")
  LLVM_PROFILE_FILE=${profile:-/dev/null} "$programs/$target" "${options[@]}" "$@" \
    >"$build/logs/$target.log" 2>&1
}

fuzz_one() {
  mkdir -p "$build/found/$1"
  start "$1" -max_total_time="$seconds" -print_final_stats=1 "$build/found/$1" "$corpus/$1" ||
    echo "$1" >>"$build/failed"
}

statistic() { # NAME: from the log on standard input
  sed -n "s/^stat::$1: *//p" | tail -1
}

print_row() { # TARGET
  local log=$build/logs/$1.log result=ok edges
  ! grep -qx "$1" "$build/failed" || result=CRASH
  edges=$(grep -oE 'cov: [0-9]+' "$log" | tail -1)
  printf '%-14s %12s %9s %7s  %s\n' "$1" "$(statistic number_of_executed_units <"$log")" \
    "$(statistic average_exec_per_sec <"$log")" "${edges#cov: }" "$result"
}

explain_crash() { # TARGET
  local file
  say "$1 failed; the end of its log:"
  tail -40 "$build/logs/$1.log" >&2
  for file in "$build/crashes/$1"-*; do
    [[ ! -e $file ]] || say "repeat with: ${programs#"$root/"}/$1 ${file#"$root/"}"
  done
}

run() {
  local target
  rm -rf "$build/crashes"
  mkdir -p "$build/crashes"
  : >"$build/failed"
  say "${#targets[@]} targets, $seconds s each, $jobs at a time"
  for_each_target fuzz_one
  printf '%-14s %12s %9s %7s  %s\n' target executions exec/s edges result
  for target in "${targets[@]}"; do print_row "$target"; done
  [[ -s $build/failed ]] || return 0
  while read -r target; do explain_crash "$target"; done <"$build/failed"
  return 1
}

profile_one() {
  local profile=$build/profiles/$1.profraw
  start "$1" -runs=0 "$corpus/$1" || echo "$1" >>"$build/failed"
}

coverage() {
  local objects=() target
  rm -rf "$build/profiles"
  mkdir -p "$build/profiles"
  : >"$build/failed"
  for_each_target profile_one
  while read -r target; do explain_crash "$target"; done <"$build/failed"
  [[ ! -s $build/failed ]] || return 1
  "$llvm/llvm-profdata" merge -o "$build/profiles/all" "$build"/profiles/*.profraw
  for target in "${targets[@]}"; do objects+=(${objects[0]:+-object} "$programs/$target"); done
  "$llvm/llvm-cov" export -summary-only -instr-profile "$build/profiles/all" "${objects[@]}" \
    >"$build/coverage.json"
  report_coverage
}

# The compiler names files from the root or from the build folder, and a header both ways where some
# objects came out of a compiler cache.
report_coverage() {
  local table=$build/coverage.tsv wanted
  jq -r --arg root "$root/" --rawfile parsers "$root/tests/fuzz/parsers.txt" '
    [.data[0].files[]
      | {name: .filename | sub("^.*/[.][.]/"; "") | ltrimstr($root)} + .summary.lines
      | select(.name | IN($parsers | split("\n")[]))]
    | group_by(.name) | map(max_by(.count))
    | (sort_by(.covered / .count)[]),
      {name: "all parsers", covered: map(.covered) | add, count: map(.count) | add}
    | "\(.covered / .count * 1000 | floor / 10)\t\(.covered)/\(.count)\t\(.name)"
    ' "$build/coverage.json" >"$table"
  column -t -s $'\t' -N '%,lines,file' "$table"
  wanted=$(grep -vc '^#' "$root/tests/fuzz/parsers.txt")
  (($(wc -l <"$table") == wanted + 1)) || die "a file of tests/fuzz/parsers.txt is in no target"
  tail -1 "$table" | awk -v min="$coverage_min" '{ exit $1 < min }' ||
    die "less than $coverage_min % of the parsers' lines are reached" 1
}

# Edges alone decide, not how often they are taken: a small corpus that is quick to run.
minimize_one() {
  local merged=$build/merged/$1 sources=() folder
  rm -rf "$merged"
  mkdir -p "$merged"
  for folder in "$corpus/$1" "$build/found/$1" "$build/seeds/$1"; do
    [[ ! -d $folder ]] || sources+=("$folder")
  done
  start "$1" -set_cover_merge=1 -use_counters=0 "$merged" "${sources[@]}" ||
    die "$1: the merge failed, see build/fuzz/logs/$1.log"
  rm -rf "${corpus:?}/$1"
  mv "$merged" "$corpus/$1"
  say "$1: $(find "$corpus/$1" -type f | wc -l) inputs, $(du -bs "$corpus/$1" | cut -f1) bytes"
}

minimize() {
  rm -rf "$build/seeds"
  LLVM_PROFILE_FILE=/dev/null "$programs/fuzz_seeds" "$build/seeds"
  mkdir -p "$corpus"
  for_each_target minimize_one
}

"$here/build.sh" fuzz
mkdir -p "$build/logs" "$build/crashes"
"$mode"
