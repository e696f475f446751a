#!/bin/sh
# Runs charon with the kernel-raven plugin, without installing anything: in a mount namespace of
# its own, in which /run is the given directory and the plugin lies beside the stock ones.
#   run-charon.sh PLUGIN.so RUN_DIR [strongswan.conf]
# Start it in the network namespace that charon is to serve.  charon's sockets then are
# RUN_DIR/charon.vici and, made by the dataplane, RUN_DIR/charon.raven; its log is on stderr.
# strongswan.conf must not lie under /run.
# Becomes charon: signal the process itself.
# SPDX-License-Identifier: Apache-2.0
set -eu

if [ "${1:-}" = --inside ]; then
  shift
  mkdir -p "$2/charon-plugin"
  cp --remove-destination "$1" "$2/charon-plugin/"
  mount -t overlay none -o "lowerdir=$2/charon-plugin:$4" "$4"
  mount --bind "$2" /run
  # A plugin that was built with AddressSanitizer needs the sanitizer's library before all others.
  sanitizer=$(ldd "$1" | sed -n 's/.*=> \(.*libasan[^ ]*\).*/\1/p')
  if [ -n "$sanitizer" ]; then
    export LD_PRELOAD="$sanitizer"
    # Charon keeps memory until it ends; its printf() has conversions of its own.
    export ASAN_OPTIONS="detect_leaks=0:check_printf=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
  fi
  STRONGSWAN_CONF=$3 exec "$(dirname "$4")/charon"
fi

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }
case ${1:-} in
  -h | --help) usage; exit 0 ;;
  -*) usage >&2; exit 64 ;;
esac
[ $# -ge 2 ] || { usage >&2; exit 64; }
here=$(dirname "$(readlink -f "$0")")
plugin=$(readlink -f "$1")
mkdir -p "$2"
run=$(readlink -f "$2")
conf=$(readlink -f "${3:-$here/../../configs/strongswan/strongswan.conf}")
plugins=/usr/lib/ipsec/plugins
[ -e "$plugin" ] || { echo "run-charon.sh: $plugin: no such file" >&2; exit 69; }
[ -x /usr/lib/ipsec/charon ] || {
  echo "run-charon.sh: strongswan-charon is not installed" >&2
  exit 69
}
case $(basename "$plugin") in
  libstrongswan-kernel-raven.so) ;;
  *) echo "run-charon.sh: the plugin must be named libstrongswan-kernel-raven.so" >&2; exit 64 ;;
esac
exec unshare --mount --propagation private \
  "$here/run-charon.sh" --inside "$plugin" "$run" "$conf" "$plugins"
