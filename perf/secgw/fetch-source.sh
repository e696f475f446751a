#!/usr/bin/env bash
# Unpacks DPDK's ipsec-secgw example, unchanged, of the version that is installed here, into
#   ${RAVEN_CACHE_DIR:-/var/cache/raven-gateway}/dpdk-<version>/examples
# from Debian's source package.  Prints that directory.  Does nothing when it is there already.
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail

die() {
  printf 'fetch-source.sh: error: %s\n' "$*" >&2
  exit 69
}
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
package_version=$(dpkg-query -W -f '${Version}' libdpdk-dev 2>/dev/null) ||
  die "libdpdk-dev is not installed (scripts/install-deps.sh)"
cache=${RAVEN_CACHE_DIR:-/var/cache/raven-gateway}
target=$cache/dpdk-${package_version%%-*}

if [[ ! -e $target/.complete ]]; then
  command -v dpkg-source >/dev/null || die "dpkg-dev is not installed (scripts/install-deps.sh)"
  mkdir -p "$cache" || die "cannot write $cache (set RAVEN_CACHE_DIR)"
  work=$(mktemp -d "$cache/dpdk.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && dsc=$("$scripts/fetch-source.sh" dpdk "$package_version") &&
    dpkg-source -x "$dsc" source >unpack.log 2>&1) ||
    die "unpack: $(tail -n 3 "$work/unpack.log" 2>/dev/null)"
  mkdir -p "$work/kept/examples"
  cp -a "$work"/source/examples/{ipsec-secgw,common} "$work/kept/examples/"
  cp "$work/source/VERSION" "$work/kept/"
  [[ $(<"$work/kept/VERSION") == "${package_version%%-*}" ]] ||
    die "the source is DPDK $(<"$work/kept/VERSION"), ${package_version%%-*} is installed"
  touch "$work/kept/.complete"
  chmod 755 "$work/kept"
  rm -rf "$target"
  mv "$work/kept" "$target"
fi
printf '%s\n' "$target/examples"
