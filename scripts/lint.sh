#!/usr/bin/env bash
# Checks style: clang-format, shellcheck, that Python compiles, and clang-tidy.
# SPDX-License-Identifier: Apache-2.0
#
#   scripts/lint.sh [--fix] [--quick] [--all] [--base REV] [--limit N] [PRESET | BUILD_DIR]
#
#   --fix       let clang-format rewrite the files
#   --quick     no clang-tidy: seconds instead of minutes
#   --all       clang-tidy over every source file, not only over those that differ from the base
#   --base REV  what to compare with; without it the first of these that is not HEAD itself:
#               where HEAD left origin/main, the last tag, 20 commits ago, the empty tree
#   --limit N   clang-tidy over N files at most, the ones changed last; says how many are left
#
# PRESET (default: dev) is a configured build, since clang-tidy needs its compile_commands.json.
# JOBS sets the number of files at a time (default: one per CPU).  What was checked is printed.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

usage() { sed -n '/^#   scripts/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
say() { printf 'lint: %s\n' "$*" >&2; }
fix=0 quick=0 all=0 base='' limit=0 preset=dev
while [[ $# -gt 0 ]]; do
  case $1 in
    --fix) fix=1 ;;
    --quick) quick=1 ;;
    --all) all=1 ;;
    --base | --limit)
      [[ $# -gt 1 ]] || {
        usage >&2
        exit 64
      }
      [[ $1 == --base ]] && base=$2 || limit=$2
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*)
      usage >&2
      exit 64
      ;;
    *) preset=$1 ;;
  esac
  shift
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
[[ ${#cpp[@]} -gt 0 ]] || {
  say "error: $root is no git repository: it says which files there are"
  exit 69
}

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

# The first base of the list above whose tree is not that of HEAD.
find_base() {
  local candidate commit
  for candidate in "$base" "$(git merge-base HEAD origin/main 2>/dev/null)" \
    "$(git describe --tags --abbrev=0 2>/dev/null)" HEAD~20; do
    if commit=$(git rev-parse -q --verify "$candidate^{commit}") &&
      [[ $commit != $(git rev-parse HEAD) ]]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  git hash-object -t tree /dev/null # a clone without history: everything is new
}

# Changed files, the one of the newest commit first; what is not committed yet comes before them.
changed_files() { # BASE
  {
    git diff --name-only HEAD
    if [[ $(git cat-file -t "$1^{}") == commit ]]; then
      git log --name-only --format= "$1..HEAD"
    fi
    git diff --name-only "$1"
  } | awk '!seen[$0]++' | while read -r file; do
    [[ ! -e $file ]] || printf '%s\n' "$file"
  done
}

# The sources that clang-tidy is given for changed files: a header is looked at through a source.
sources_of() {
  local file source
  while read -r file; do
    source=''
    case $file in
      *.cc) source=$file ;;
      *.h)
        source=${file%.h}.cc
        [[ -e $source ]] ||
          source=$(git grep -lF "#include \"$file\"" -- '*.cc' | head -n 1) || true
        ;;
    esac
    [[ -z $source ]] || printf '%s\n' "$source"
  done | awk '!seen[$0]++'
}

# Those that the build has: the release preset has no unit tests, and only one has fuzz targets.
built() {
  local file
  while read -r file; do
    ! grep -qF "\"$root/$file\"" "$commands" || printf '%s\n' "$file"
  done
}

tidy() {
  local commands=$preset/compile_commands.json from sources found
  [[ -r $commands ]] || commands=build/$preset/compile_commands.json
  [[ -r $commands ]] || {
    say "error: no $commands for clang-tidy: run scripts/build.sh $preset, or use --quick"
    exit 69
  }
  if [[ $all -eq 1 ]]; then
    from="all"
    mapfile -t sources < <(git ls-files '*.cc' | built)
  else
    from=$(find_base)
    mapfile -t sources < <(changed_files "$from" | sources_of | built)
    from="changed since $from"
  fi
  found=${#sources[@]}
  [[ $limit -eq 0 || $found -le $limit ]] || sources=("${sources[@]:0:limit}")
  say "clang-tidy: ${#sources[@]} of $found files, $from: ${sources[*]:-none}"
  [[ $found -gt 0 ]] || return 0
  printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "${JOBS:-$(nproc)}" \
    clang-tidy --quiet --warnings-as-errors='*' -p "${commands%/*}" \
    2> >(grep -v ' warnings\? generated' >&2) || failed=1
}
[[ $quick -eq 1 ]] || tidy

[[ $failed -eq 0 ]] || say "failed"
exit "$failed"
