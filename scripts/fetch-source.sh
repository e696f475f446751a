#!/usr/bin/env bash
# Downloads one of Debian's source packages into the current directory; prints its .dsc.
# SPDX-License-Identifier: Apache-2.0
#
#   scripts/fetch-source.sh PACKAGE [VERSION]
#
# VERSION is preferred; if the mirror no longer has it, the newest one is fetched, with a note.
# Writes a deb-src entry (as root) when apt has none.  Environment: DEBIAN_MIRROR, for that entry.
set -euo pipefail

log() { printf 'fetch-source: %s\n' "$*" >&2; }
die() {
  log "error: $*"
  exit 69
}
usage() { sed -n '/^#   scripts/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
  '' | -*)
    usage >&2
    exit 64
    ;;
esac
package=$1 version=${2:-}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    die "root is needed for: $*"
  fi
}

have_sources() {
  [[ -n $(apt-get -qq --print-uris source --download-only "$package" 2>/dev/null) ]]
}

add_sources() {
  local codename mirror=${DEBIAN_MIRROR:-http://deb.debian.org} parts="" list
  eval "$(apt-config shell parts Dir::Etc::sourceparts/d)"
  list=${parts:-/etc/apt/sources.list.d/}raven-gateway-src.sources
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release | tr -d '"')
  [[ -n $codename ]] || die "cannot tell the Debian release from /etc/os-release"
  log "no deb-src entry: writing $list"
  as_root tee "$list" >/dev/null <<LIST
Types: deb-src
URIs: $mirror/debian
Suites: $codename $codename-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: $mirror/debian-security
Suites: $codename-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
LIST
  as_root apt-get -q update >&2
}

# apt's own user may not be able to write here.
download() {
  apt-get -q -o APT::Sandbox::User="$(id -un)" source --download-only "$1" >&2
}

have_sources || add_sources
log "fetching the source package $package"
if [[ -z $version ]] || ! download "$package=$version"; then
  [[ -z $version ]] || log "no $version of $package: taking the newest"
  download "$package"
fi
shopt -s nullglob
found=("$package"_*.dsc)
[[ ${#found[@]} -eq 1 ]] || die "expected one .dsc of $package, found: ${found[*]:-none}"
printf '%s\n' "${found[0]}"
