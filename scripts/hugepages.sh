#!/usr/bin/env bash
# Reserves 2 MiB huge pages for raven-dataplane.
# SPDX-License-Identifier: Apache-2.0
#
#   scripts/hugepages.sh [COUNT]      (default: 256, which is 512 MiB)
#
# Raises the reservation to COUNT free pages, never lowers it, and mounts /dev/hugepages when
# needed.  Lasts until the next boot; for good: vm.nr_hugepages in /etc/sysctl.d.
set -euo pipefail

usage() { sed -n '/^#   scripts/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
die() {
  printf 'hugepages: error: %s\n' "$1" >&2
  exit "${2:-69}"
}
case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
esac
count=${1:-256}
[[ $count =~ ^[1-9][0-9]*$ ]] || {
  usage >&2
  exit 64
}

[[ $EUID -eq 0 ]] || die "root is needed" 77
pages=/sys/kernel/mm/hugepages/hugepages-2048kB
[[ -d $pages ]] || die "this kernel has no 2 MiB huge pages"
free=$(<"$pages/free_hugepages")
if ((free < count)); then
  echo $(($(<"$pages/nr_hugepages") + count - free)) >"$pages/nr_hugepages"
  free=$(<"$pages/free_hugepages")
fi
((free >= count)) || die "only $free of $count pages could be had: memory is too full or fragmented"
if ! mountpoint -q /dev/hugepages; then
  mkdir -p /dev/hugepages
  mount -t hugetlbfs hugetlbfs /dev/hugepages
fi
printf 'hugepages: %s free pages of 2 MiB\n' "$free" >&2
