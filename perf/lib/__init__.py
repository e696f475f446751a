"""What perf/run.sh, perf/e2e.sh and perf/compare are made of: one small module per noun."""
# SPDX-License-Identifier: Apache-2.0
