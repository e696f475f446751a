#!/usr/bin/env bash
# Installs, builds and shows Raven Gateway at work: three sites, encrypted traffic between all pods,
# a gateway box that dies.
# SPDX-License-Identifier: Apache-2.0
#
#   sudo scripts/demo.sh [--json FILE] [--report FILE] [--keep] [--no-cluster] [--name NAME]
#                        [--transcripts FOLDER]
#
#   --json FILE   write the results to a file
#   --report FILE write them as an HTML page with a picture of the sites
#   --transcripts FOLDER  write what the demo and ravenctl print to text files
#   --keep        leave the lab up afterwards (scripts/lab --name demo ...)
#   --no-cluster  objects in a directory of manifests instead of a real kube-apiserver
#   --name NAME   name of the lab (default: demo)
#
# Safe to run twice.  Exit 0 only when every check held.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() { sed -n '/^#   sudo/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
cluster=1
arguments=("$@")
while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help)
      usage
      exit 0
      ;;
    --no-cluster) cluster=0 ;;
    --keep) ;;
    --json | --report | --name | --transcripts)
      [[ $# -gt 1 ]] || {
        usage >&2
        exit 64
      }
      shift
      ;;
    *)
      usage >&2
      exit 64
      ;;
  esac
  shift
done
[[ $EUID -eq 0 ]] || {
  printf 'demo: error: root is needed: sudo scripts/demo.sh\n' >&2
  exit 77
}

"$here/install-deps.sh"
"$here/build.sh" release
if [[ $cluster -eq 1 ]]; then
  "$here/build-kube-apiserver.sh" >/dev/null
fi
PYTHONPATH=$here exec /usr/bin/python3 -m lablib.demo "${arguments[@]}"
