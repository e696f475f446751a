#!/usr/bin/env bash
# A whole raven-dataplane with real ports and a traffic generator on another CPU.  As root.
# SPDX-License-Identifier: Apache-2.0
#
#   perf/e2e.sh [--json FILE] [--seconds N] [--cpu N] [--generator-cpu N] [PORT...]
#
#   PORT: memif, af_packet, af_xdp, tap (default: all of them)
#
# Uses network namespaces of its own.  Hugepages are reserved for the time of the run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=perf/lib/root.sh
source "$root/perf/lib/root.sh"

open_command "$@"
"$root/scripts/install-deps.sh" --build
"$root/scripts/build.sh" release raven-dataplane ravenctl port_traffic >&2
reserve_hugepages 256
run_module e2e --build "$root/build/release" "$@"
