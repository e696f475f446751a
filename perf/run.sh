#!/usr/bin/env bash
# Measures the packet path beside the cipher alone and beside DPDK's ipsec-secgw.  As root.
# SPDX-License-Identifier: Apache-2.0
#
#   perf/run.sh [--quick] [--json FILE] [--plot DIR] [--cpu N]
#
#   --quick  the main table only, in less than 90 seconds (after the one-time build)
#   --json   writes the rows
#   --plot   draws plots (SVG and PNG) into DIR
#   --cpu    the CPU to measure on (default: the last one)
#
# Installs and builds what is missing.  Hugepages are reserved for the time of the run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=perf/lib/root.sh
source "$root/perf/lib/root.sh"

open_command "$@"
packages=--build
[[ " $* " != *" --plot"* ]] || packages=--perf
"$root/scripts/install-deps.sh" "$packages"
"$root/scripts/build.sh" release worker_bench scale_bench ipsec_secgw_bench >&2

reserve_hugepages 464
run_module run --root "$root" --build "$root/build/release" "$@"
