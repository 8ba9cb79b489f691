#!/bin/sh
# autogen.sh        makes ./configure
# autogen.sh demo   installs what is missing, builds, runs the main job
# autogen.sh check  installs what is missing, builds, runs the tests
# autogen.sh check-all  the same, and what takes longer than a change should wait

# Debian's names of what is needed: to build, for the demo, for the tests.
build_packages='
    autoconf automake libtool make pkg-config gcc libc6-dev
    libcurl4-openssl-dev libelf-dev libevent-dev libjson-c-dev libncurses-dev
    libpcre2-dev libssl-dev libyaml-dev'
demo_packages='
    wamerican-insane'
check_packages='
    abigail-tools bats check chromium clang clang-format cmake debhelper fish
    g++ gnuplot-nox golang-src libcbor-dev libglib2.0-dev libtbb-dev libuv1-dev
    mandoc meson procps python3 python3-cbor2 rpm spin systemd valgrind xz-utils
    zlib1g-dev zsh'
more_check_packages='
    busybox-static cpio fakeroot libarchive-tools lintian makepkg musl-tools
    pacman-package-manager'

die() {
    echo "autogen.sh: $*" >&2
    exit 1
}

# The packages of a list that are not installed.
missing() {
    for package in $1; do
        state=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)
        case $state in
        ?i*) ;;
        *) printf ' %s' "$package" ;;
        esac
    done
}

# Runs apt-get as root.
apt() {
    if [ "$(id -u)" -eq 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get "$@"
    else
        sudo DEBIAN_FRONTEND=noninteractive apt-get "$@"
    fi
}

# Installs what is missing of a list of packages.
need() {
    if [ -n "${SOPOOL_NO_INSTALL-}" ]; then
        return
    fi
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null
    then
        die "this system has no apt-get; install what Debian calls" \
            "$(echo "$1" | xargs), then set SOPOOL_NO_INSTALL=1"
    fi
    packages=$(missing "$1")
    if [ -z "$packages" ]; then
        return
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        die "there is no sudo; as root run: apt-get install$packages"
    fi
    echo "installing$packages"
    apt -qq update || die "apt-get update failed"
    # Unquoted: one word each.
    # shellcheck disable=SC2086
    apt -qq install -y --no-install-recommends $packages ||
        die "cannot install$packages"
}

# Makes ./configure.
reconf() {
    for tool in autoreconf aclocal libtoolize pkg-config; do
        command -v "$tool" >/dev/null ||
            die "$tool is missing; on Debian install" \
                "autoconf automake libtool pkg-config"
    done
    mkdir -p build-aux/m4
    autoreconf -fi
}

# The same without a word, unless it fails.
reconf_quietly() {
    mkdir -p build || exit 1
    reconf >build/autoreconf.log 2>&1 || {
        cat build/autoreconf.log >&2
        die "autoreconf failed"
    }
}

cd "$(dirname "$0")" || exit 1
case "$#:${1-}" in
0:)
    reconf
    ;;
1:demo)
    need "$build_packages $demo_packages"
    reconf_quietly
    exec scripts/demo build
    ;;
1:check)
    need "$build_packages $demo_packages $check_packages"
    reconf_quietly
    exec scripts/check build
    ;;
1:check-all)
    need "$build_packages $demo_packages $check_packages $more_check_packages"
    reconf_quietly
    exec scripts/check build all
    ;;
*)
    echo "usage: ./autogen.sh [demo|check|check-all]" >&2
    exit 2
    ;;
esac
