# What perf/run.sh and perf/e2e.sh share.  REQUIRES: $root, set -euo pipefail.
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
: "${root:?}"

# Answers --help with the opening comment of the script, and insists on root.
open_command() { # ARGUMENTS...
  case ${1:-} in
    -h | --help)
      sed -n '/^#   perf/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"
      exit 0
      ;;
  esac
  [[ $EUID -eq 0 ]] && return
  printf 'error: root is needed, for hugepages, namespaces and real-time priority\n' >&2
  exit 77
}

# Until this shell ends.
reserve_hugepages() { # COUNT
  hugepages_before=$(</sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages)
  trap 'echo "$hugepages_before" >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages' EXIT
  "$root/scripts/hugepages.sh" "$1"
}

run_module() { # NAME ARGUMENTS...
  local module=lib.$1
  shift
  PYTHONPATH=$root/perf:$root/scripts PYTHONDONTWRITEBYTECODE=1 \
    /usr/bin/python3 -m "$module" "$@"
}
