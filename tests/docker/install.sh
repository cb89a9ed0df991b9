#!/bin/sh
# What `make image-test` needs and this machine lacks, from Debian's packages.
set -eu

packages=""
if ! docker version >/dev/null 2>&1 && ! command -v dockerd >/dev/null; then
    packages="docker.io"
fi
if ! command -v docker-compose >/dev/null && ! docker compose version >/dev/null 2>&1; then
    packages="$packages docker-compose"
fi
if [ -z "${SEQSERVE_TEST_BASE:-}" ] && ! command -v debootstrap >/dev/null; then
    packages="$packages debootstrap"
fi
[ -n "$packages" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "make image-test lacks, by the names of Debian's packages: $packages" >&2
    echo "install them, or run it as root on Debian, where it does that itself" >&2
    exit 1
fi
echo "installing $packages"
apt-get update -qq
# shellcheck disable=SC2086 # one word for each package
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
