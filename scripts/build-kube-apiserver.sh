#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds kube-apiserver and kubectl for tests, from Debian's `kubernetes` source package with
# Debian's Go, into ${RAVEN_CACHE_DIR:-/var/cache/raven-gateway}/kube/bin.
#
#   build-kube-apiserver.sh           build what is missing or made by an older recipe
#   build-kube-apiserver.sh --check   exit 0 when everything is there, 1 when not; builds nothing
#
# Nothing is installed into the system except the build tools (golang-go, dpkg-dev, xz-utils), a
# deb-src entry when there is none, and only when they are missing. The first run takes 3 to 8
# minutes of CPU; later ones return at once. Two at a time: the second waits for the first.
# Environment: RAVEN_CACHE_DIR, NICE (default 10), DEBIAN_MIRROR (for the deb-src entry).
# Standard output: the bin directory, nothing else.
set -euo pipefail

# Bump when the way of building changes: binaries of an older recipe are built again.
readonly recipe=3
readonly components=(kube-apiserver kubectl)
readonly module=k8s.io/kubernetes
cache=${RAVEN_CACHE_DIR:-/var/cache/raven-gateway}/kube
work=$cache/work
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

prog=$(basename "$0")
log() { printf '%s: %s\n' "$prog" "$*" >&2; }
die() { log "error: $*"; exit 1; }

stamp_of() { printf '%s/bin/.%s.stamp' "$cache" "$1"; }

is_built() {
  [[ -x $cache/bin/$1 && -r $(stamp_of "$1") ]] && grep -qx "recipe=$recipe" "$(stamp_of "$1")"
}

usage() { sed -n '4,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//;p}' "$0"; }

all_built() {
  local component
  for component in "${components[@]}"; do is_built "$component" || return 1; done
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    die "root is needed for: $*"
  fi
}

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qy "$@" >&2 9>&-; }

install_tools() {
  local missing=()
  command -v go >/dev/null || missing+=(golang-go)
  command -v dpkg-source >/dev/null || missing+=(dpkg-dev)
  command -v xz >/dev/null || missing+=(xz-utils)
  [[ ${#missing[@]} -gt 0 ]] || return 0
  log "installing ${missing[*]}"
  apt_get install --no-install-recommends "${missing[@]}" && return
  apt_get update
  apt_get install --no-install-recommends "${missing[@]}"
}

# The one file of a glob that must match exactly once.
only() {
  [[ $# -eq 1 && -e $1 ]] || die "expected exactly one of $*"
  printf '%s\n' "$1"
}

# Leaves the source in GOPATH form in $tree; sets $debian_version and $version.
fetch_and_unpack() {
  local dsc reflect2 vendored
  mkdir -p "$work/download" "$work/bin" "$work/reflect2" "$work/gopath/src/k8s.io"
  dsc=$work/download/$(cd "$work/download" && "$scripts/fetch-source.sh" kubernetes 9>&-)
  (cd "$work/download" && apt-get -q download golang-github-modern-go-reflect2-dev) >&2 9>&-
  reflect2=$(only "$work"/download/golang-github-modern-go-reflect2-dev_*.deb)

  debian_version=$(sed -n 's/^Version: //p' "$dsc" | head -n1)
  version=${debian_version%-*}     # 1.20.5+really1.20.2
  version=${version##*+really}     # 1.20.2
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "no version number in $debian_version"

  # The vendored go.mod is refused in module mode by Go >= 1.16, hence a GOPATH tree.
  tree=$work/gopath/src/$module
  dpkg-source -x "$dsc" "$tree" >"$work/unpack.log" 2>&1 ||
    die "unpack: $(tail -n 3 "$work/unpack.log")"

  # reflect2 1.0.1 (vendored) corrupts memory under Go >= 1.18: the server dies on its first
  # custom resource (modern-go/reflect2#26). Debian packages the corrected 1.0.2.
  dpkg --compare-versions "$(dpkg-deb -f "$reflect2" Version)" ge 1.0.2 ||
    die "$reflect2 is too old"
  vendored=$tree/vendor/github.com/modern-go/reflect2
  [[ -d $vendored ]] || die "no vendored reflect2 in $debian_version: the recipe must change"
  rm -r "$vendored"
  dpkg-deb -x "$reflect2" "$work/reflect2"
  cp -a "$work/reflect2/usr/share/gocode/src/github.com/modern-go/reflect2" "$vendored"
}

# The validation of custom resources asks "is it the zero value?" by comparing pointers. Since Go
# 1.18 all empty strings share one with the zero value, so that "" would be refused as null.
correct_validation() {
  local file=$tree/vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go
  local before='reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data))'
  local after='reflect.TypeOf(data).Kind() == reflect.Map \&\& reflect.ValueOf(data).IsNil()'
  grep -qF "$before" "$file" || die "$file is not as expected: the recipe must change"
  before=${before//./\\.}
  sed -i "s/$before/$after/" "$file"
}

niced() { nice -n "${NICE:-10}" "$@"; }

# OpenAPI definitions: the only generated file that the source package lacks. Upstream's
# `make generated_files` makes the same, more slowly.
generate_openapi() {
  local folders
  log "generating the OpenAPI definitions"
  niced go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  folders=$(
    { find pkg -name '*.go' -print0; find -L vendor/k8s.io -name '*.go' -print0; } |
      xargs -0 grep -l '^// *+k8s:openapi-gen=' | xargs -n1 dirname | LC_ALL=C sort -u |
      grep -v -e '^vendor/k8s.io/code-generator/' -e '^vendor/k8s.io/sample-apiserver/' |
      sed "s,^,$module/," | paste -sd,
  )
  niced "$work/openapi-gen" --v 0 --logtostderr -i "$folders" -p $module/pkg/generated/openapi \
    -O zz_generated.openapi -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt \
    -r "$work/violations.report" >&2
  cmp -s "$work/violations.report" api/api-rules/violation_exceptions.list ||
    log "warning: the API rule report differs from upstream's"
}

# Without these the server calls itself v0.0.0.
version_flags() {
  local package prefix
  printf -- '-s -w'
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    for prefix in "" $module/vendor/; do
      printf -- ' -X %s.gitVersion=v%s' "$prefix$package" "$version"
      printf -- ' -X %s.gitMajor=%s' "$prefix$package" "${version%%.*}"
      printf -- ' -X %s.gitMinor=%s' "$prefix$package" "$(cut -d. -f2 <<<"$version")"
    done
  done
}

build() {
  local component=$1
  log "building $component"
  SECONDS=0
  # providerless leaves out the cloud providers: a third less time, half the size.
  niced go build -tags providerless -trimpath -ldflags "$(version_flags)" \
    -o "$work/bin/$component" "./cmd/$component"
  case $component in
    kubectl) "$work/bin/$component" version --client >/dev/null ;;
    *)
      [[ $("$work/bin/$component" --version) == "Kubernetes v$version" ]] ||
        die "$component: wrong version"
      ;;
  esac
  rm -f "$(stamp_of "$component")"
  mv -f "$work/bin/$component" "$cache/bin/$component"
  printf 'recipe=%s\nsource=%s\ngo=%s\n' "$recipe" "$debian_version" "$(go env GOVERSION)" \
    >"$(stamp_of "$component")"
  log "$component: $(stat -c %s "$cache/bin/$component") bytes, $SECONDS s"
}

clean_up() {
  [[ -d $work ]] || return 0
  chmod -R u+w "$work" && rm -rf "$work"
}

case ${1:-} in
  --check) all_built; exit ;;
  "") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 64 ;;
esac

mkdir -p "$cache/bin"
exec 9>"$cache/.lock"
if ! flock -n 9; then
  log "waiting for another build in $cache"
  flock 9
fi
if ! all_built; then
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  clean_up
  install_tools
  fetch_and_unpack
  correct_validation
  export GOPATH=$work/gopath GOCACHE=$work/gocache GO111MODULE=off GOPROXY=off GOFLAGS='' \
    GOTOOLCHAIN=local GOENV=off CGO_ENABLED=0
  unset GOROOT GOBIN
  cd "$tree"
  log "$(go version), kubernetes $debian_version"
  # The lock stays with this script: a child that outlives it must not hold it.
  is_built kube-apiserver || generate_openapi 9>&-
  for component in "${components[@]}"; do
    is_built "$component" || build "$component" 9>&-
  done
fi
printf '%s\n' "$cache/bin"
