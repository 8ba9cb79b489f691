#!/bin/sh
# laid.sh FOLDER... -- COMMAND... - runs the command, as root and in the current
# folder, on a copy of this system into which the folders have been copied: as if
# packages of their files were installed. Nothing is really written.

die() {
    echo "laid.sh: $*" >&2
    exit 99
}

[ "$(id -u)" -eq 0 ] || die "needs root"
case " $* " in
*' -- '*) ;;
*) die "usage: laid.sh FOLDER... -- COMMAND..." ;;
esac

# Package managers look for new libraries and users when they have unpacked all.
# shellcheck disable=SC2016
tools=$(dirname "$(readlink -f "$0")") exec unshare --mount --pid --fork \
    --kill-child sh -ec '
    here=$PWD
    . "$tools/overlay.sh"
    cd "$here"
    while [ "$1" != -- ]; do
        cp -a "$1/." /run/root
        shift
    done
    shift
    cd /run/root
    mount -t proc proc proc
    mount --rbind /sys sys
    chroot . ldconfig /usr/lib64
    chroot . systemd-sysusers
    exec chroot . sh -c '\''cd "$0" && exec "$@"'\'' "$here" "$@"
' laid.sh "$@"
