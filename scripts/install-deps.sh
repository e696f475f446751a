#!/usr/bin/env bash
# Installs what Raven Gateway needs to build, run and be tested, on Debian 12, as root.
# SPDX-License-Identifier: Apache-2.0
#
#   scripts/install-deps.sh [--build | --perf | --check]
#
#   (nothing)  everything: build, runtime and tests
#   --build    only what the build needs
#   --perf     what perf/ needs: build, and what draws plots
#   --check    install nothing; list what is missing, exit 69 if anything is
#
# Only packages of Debian itself.  Safe to run again: it returns at once when all is there.
# Services of new packages (etcd, strongSwan) are neither started nor left enabled.
# kubernetes-client is never installed: it conflicts with a kubectl from elsewhere, and a
# kubectl is not needed.
set -euo pipefail

readonly build_packages=(
  # compilers and tools
  build-essential g++ cmake ninja-build ccache pkg-config git
  # packet path
  libdpdk-dev libipsec-mb-dev libnl-3-dev libnl-route-3-dev libnftables-dev
  # control plane and shared libraries
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
  libcurl4-openssl-dev libssl-dev nlohmann-json3-dev libyaml-cpp-dev libfmt-dev libcli11-dev
  prometheus-cpp-dev libcivetweb-dev
  # unit tests are part of the build
  libgtest-dev libgmock-dev
  # headers for the charon plugin come from Debian's source package
  dpkg-dev xz-utils ca-certificates curl
)

readonly runtime_packages=(
  strongswan-charon strongswan-swanctl libstrongswan-standard-plugins libcharon-extra-plugins
  iproute2 nftables iptables ipset ethtool kmod procps openssl
)

readonly test_packages=(
  # the kube-apiserver is built from Debian's source package
  etcd-server golang-go
  # oracles and peers
  python3 python3-yaml python3-scapy python3-cryptography-vectors user-mode-linux uml-utilities
  # looking at the network
  tcpdump iputils-ping socat jq
  # style, static analysis, fuzzing
  shellcheck clang-14 libclang-rt-14-dev llvm-14 clang-tidy clang-format
)

readonly perf_packages=(python3-matplotlib)

usage() { sed -n '/^#   scripts/,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }
say() { printf 'install-deps: %s\n' "$*" >&2; }
die() {
  say "error: $1"
  exit "${2:-69}"
}

wanted=("${build_packages[@]}" "${runtime_packages[@]}" "${test_packages[@]}")
check=0
case ${1:-} in
  '') ;;
  --build) wanted=("${build_packages[@]}") ;;
  --perf) wanted=("${build_packages[@]}" "${perf_packages[@]}") ;;
  --check) check=1 ;;
  -h | --help)
    usage
    exit 0
    ;;
  *)
    usage >&2
    exit 64
    ;;
esac

# Prints those of the wanted packages that are not installed.
missing_packages() {
  # dpkg-query fails when it does not know one of them: that is an answer too.
  { dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "${wanted[@]}" || true; } \
    2>/dev/null |
    sed -n 's/:[^ ]*//; s/ installed$//p' | sort -u >"$scratch/installed"
  printf '%s\n' "${wanted[@]}" | sort -u | comm -23 - "$scratch/installed"
}

# While packages are being installed, no maintainer script may start a service.
block_services() {
  [[ -e /usr/sbin/policy-rc.d ]] && return
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  policy_is_ours=1
}

disable_services() {
  local unit
  [[ -d /run/systemd/system ]] || return 0
  for unit in etcd.service strongswan-starter.service strongswan.service; do
    systemctl disable --quiet --now "$unit" 2>/dev/null || true # the unit may not exist
  done
}

clean_up() {
  rm -rf "$scratch"
  [[ $policy_is_ours -eq 0 ]] || rm -f /usr/sbin/policy-rc.d
}

policy_is_ours=0
scratch=$(mktemp -d)
trap clean_up EXIT

mapfile -t missing < <(missing_packages)
if [[ ${#missing[@]} -eq 0 ]]; then
  say "all ${#wanted[@]} packages are installed"
  exit 0
fi
[[ $check -eq 0 ]] || die "missing: ${missing[*]}; run scripts/install-deps.sh as root"

[[ $EUID -eq 0 ]] || die "root is needed to install: ${missing[*]}" 77
grep -q '^VERSION_CODENAME=bookworm' /etc/os-release ||
  say "note: made for Debian 12 (bookworm); this is $(sed -n 's/^PRETTY_NAME=//p' /etc/os-release)"

say "installing ${#missing[@]} packages: ${missing[*]}"
block_services
export DEBIAN_FRONTEND=noninteractive
install=(apt-get -qy -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install --no-install-recommends)
# An index that is new enough saves a minute; one that is too old only costs a second try.
if ! "${install[@]}" "${missing[@]}" </dev/null >&2; then
  say "refreshing the package index"
  apt-get -qy -o DPkg::Lock::Timeout=300 update </dev/null >&2
  "${install[@]}" "${missing[@]}" </dev/null >&2
fi
disable_services

mapfile -t missing < <(missing_packages)
[[ ${#missing[@]} -eq 0 ]] || die "still missing after the installation: ${missing[*]}"
say "done"
