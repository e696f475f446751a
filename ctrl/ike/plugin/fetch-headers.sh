#!/bin/sh
# Fetches the headers that charon's plugins are built against: strongSwan's source tarball of the
# version that is installed here, from Debian's own signed archive, unpacked into
#   ${RAVEN_CACHE_DIR:-/var/cache/raven-gateway}/strongswan-<version>
# Prints that directory.  Does nothing when it is complete already.  Needs no deb-src line: it
# asks the mirror that apt is configured with, through lists of its own.
# SPDX-License-Identifier: GPL-2.0-or-later
set -eu

fail() { echo "fetch-headers.sh: $*" >&2; exit 69; }

package_version=$(dpkg-query -W -f '${Version}' strongswan-libcharon 2>/dev/null) ||
  fail "strongswan-libcharon is not installed (apt-get install strongswan-charon)"
version=${package_version%%-*}
cache=${RAVEN_CACHE_DIR:-/var/cache/raven-gateway}
target=$cache/strongswan-$version

if [ -e "$target/.complete" ]; then
  echo "$target"
  exit 0
fi
for tool in apt-get tar bzip2; do
  command -v "$tool" >/dev/null || fail "$tool is missing"
done

mkdir -p "$cache" || fail "cannot write $cache (set RAVEN_CACHE_DIR)"
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/source" "$work/unpacked"

. /etc/os-release
codename=${VERSION_CODENAME:-bookworm}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
signed=""
[ -e "$keyring" ] && signed="[signed-by=$keyring]"

# The mirrors that carry this release, as apt is configured; Debian's own when none is found.
# The newest security revision may already be gone from a mirror, but every revision of one
# upstream version shares the same original tarball.
mirrors=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' \
            'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
          grep -E " $codename(-security)?\$" | sort -u || true)
[ -n "$mirrors" ] || mirrors="http://deb.debian.org/debian/ $codename"
echo "$mirrors" | while read -r uri suite; do
  echo "deb-src $signed $uri $suite main"
done > "$work/sources.list"

apt() {
  apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache::srcpkgcache="" -o Dir::Cache::pkgcache="" \
    -o APT::Sandbox::User="$(id -un)" "$@" >&2
}
apt update || fail "apt-get update failed for: $(cat "$work/sources.list")"

tarball=$work/source/strongswan_$version.orig.tar.bz2
for revision in "$package_version" $(apt-cache \
    -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache::srcpkgcache="" -o Dir::Cache::pkgcache="" \
    showsrc strongswan | sed -n "s/^Version: \($version-.*\)/\1/p"); do
  (cd "$work/source" && apt source --download-only --tar-only "strongswan=$revision") || continue
  [ -e "$tarball" ] && break
done
[ -e "$tarball" ] || fail "no source of strongSwan $version found in: $(cat "$work/sources.list")"

tar -xjf "$tarball" --no-same-owner -C "$work/unpacked" --strip-components=1 --wildcards \
  '*/configure.ac' '*/COPYING' '*/LICENSE' '*/src/libstrongswan/*.h' '*/src/libcharon/*.h'
grep -q "AC_INIT(\[strongSwan\],\[$version\])" "$work/unpacked/configure.ac" ||
  fail "the tarball is not strongSwan $version, as is installed"
touch "$work/unpacked/.complete"
rm -rf "$target"
mv "$work/unpacked" "$target"
chmod 755 "$target"
echo "$target"
