#!/bin/sh
# alpine.sh TARBALL FOLDER - builds of what `make dist` has packed the packages of
# its packaging/alpine/APKBUILD, each into FOLDER/NAME as it would be installed, on
# a system that has no abuild. The shell and the tools are Busybox's, as they are on
# Alpine; the C library is this system's. Functions that have the names of abuild's
# do what those do with files such as sopool has.

die() {
    echo "alpine.sh: $*" >&2
    exit 1
}

if [ -z "${BUSYBOX_TOOLS-}" ]; then
    [ $# -eq 2 ] && [ -f "$1" ] || die "usage: alpine.sh TARBALL FOLDER"
    busybox=$(command -v busybox) || die "there is no busybox"
    BUSYBOX_TOOLS=$(mktemp -d) || exit 1
    trap 'rm -rf "$BUSYBOX_TOOLS"' EXIT
    trap 'exit 1' HUP INT TERM
    export BUSYBOX_TOOLS
    "$busybox" --install -s "$BUSYBOX_TOOLS"
    # These are GNU's on Alpine, too: they come with its compiler.
    rm -f "$BUSYBOX_TOOLS/ar" "$BUSYBOX_TOOLS/make" "$BUSYBOX_TOOLS/strings"
    PATH=$BUSYBOX_TOOLS:$PATH CONFIG_SHELL=$BUSYBOX_TOOLS/sh \
        "$BUSYBOX_TOOLS/sh" "$0" "$@"
    exit
fi

# ---- what abuild has for the functions of an APKBUILD

# amove PATH...: from the package to the subpackage.
amove() {
    (
        cd "$pkgdir" || exit 1
        for path in "$@"; do
            [ -e "$path" ] || [ -L "$path" ] || die "$subpkgname: no $path"
            folder=$(dirname "$path")
            mkdir -p "$subpkgdir/$folder" && mv "$path" "$subpkgdir/$folder" ||
                exit 1
            rmdir -p "$folder" 2>/dev/null || true
        done
    )
}

default_doc() {
    amove usr/share/doc usr/share/man
    find "$subpkgdir/usr/share/man" -type f -exec gzip -n -9 {} +
}

# Whatever is C is thought to be for developers.
default_dev() {
    amove usr/include usr/lib/pkgconfig usr/share/aclocal usr/lib/cmake
    (cd "$pkgdir" && find usr -name '*.[cho]') >"$work/sources"
    while IFS= read -r path; do
        amove "$path"
    done <"$work/sources"
    amove usr/lib/libsopool.so
}

default_libs() {
    amove usr/lib/lib*.so.[0-9]*
}

default_systemd() {
    amove usr/lib/systemd
}

doc() { default_doc; }
dev() { default_dev; }
libs() { default_libs; }
systemd() { default_systemd; }
bashcomp() { amove usr/share/bash-completion/completions; }
fishcomp() { amove usr/share/fish/vendor_completions.d; }
zshcomp() { amove usr/share/zsh/site-functions; }

# ---- what abuild does with them

# split NAME[:FUNCTION]: a subpackage, of what the package has.
split() {
    subpkgname=${1%%:*}
    subpkgdir=$pkgbasedir/$subpkgname
    case $1 in
    *:*) function=${1#*:} ;;
    *-bash-completion) function=bashcomp ;;
    *-fish-completion) function=fishcomp ;;
    *-zsh-completion) function=zshcomp ;;
    *) function=${subpkgname##*-} ;;
    esac
    mkdir "$subpkgdir"
    cd "$pkgdir"
    "$function"
}

# A split that takes nothing, or an installation to nowhere, is an error.
check_packages() {
    cd "$pkgbasedir" || exit 1
    for package in *; do
        [ -n "$(ls "$package")" ] || die "$package is empty"
        for folder in "$package"/* "$package"/usr/*; do
            case $folder in
            */etc | */usr | */usr/bin | */usr/include | */usr/lib | */usr/share) ;;
            *) die "$folder is not where Alpine has anything" ;;
            esac
        done
    done
}

# in_package PACKAGE FILE...: what users expect of it.
in_package() {
    package=$1
    shift
    for file in "$@"; do
        file=$pkgbasedir/$package/$file
        [ -e "$file" ] || [ -L "$file" ] || die "there is no $file"
    done
}

tarball=$(readlink -f "$1")
mkdir -p "$2" && pkgbasedir=$(readlink -f "$2") || exit 1
[ -z "$(ls "$pkgbasedir")" ] || die "$2 is not empty"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
umask 022
cd "$work" && unxz -c "$tarball" | tar -xf - || exit 1
. "$work"/sopool-*/packaging/alpine/APKBUILD
for variable in pkgname pkgver pkgrel pkgdesc url arch license makedepends; do
    eval "[ -n \"\$$variable\" ]" || die "APKBUILD does not set $variable"
done
[ "$source" = "${tarball##*/}" ] || die "APKBUILD is for $source"

CBUILD=$(cc -dumpmachine)
CHOST=$CBUILD
pkgdir=$pkgbasedir/$pkgname
set -e
cd "$work/$pkgname-$pkgver"
build
mkdir "$pkgdir"
package
find "$pkgdir" -name '*.la' -type f -exec rm {} +
for subpackage in $subpackages; do
    split "$subpackage"
done
check_packages

in_package sopool usr/bin/sopool usr/share/sopool/templates/c/NAME.c \
    usr/share/sopool/templates/all/README.md etc/sopool/pools.d
in_package sopool-libs usr/lib/libsopool.so.0 usr/lib/sopool/sopool-worker
in_package sopool-dev usr/include/sopool.h usr/lib/libsopool.so \
    usr/lib/pkgconfig/sopool.pc
in_package sopool-doc usr/share/doc/sopool/examples/square.c \
    usr/share/man/man1/sopool.1.gz
in_package sopool-plugins-hash usr/lib/sopool/plugins/hash.so
in_package sopool-systemd usr/lib/systemd/system/sopool@.service
