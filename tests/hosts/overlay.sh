# overlay.sh - for scripts that are root in a mount namespace of their own: makes
# /run/root a copy of this system, and goes there. What is written there is nowhere
# else, and is gone with the namespace.
# shellcheck shell=sh

# All that there is lies below an empty layer. What the system has elsewhere than
# on its first disk is not there, but for the current folder, to be read.
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work /run/root
mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work \
    overlay /run/root
if [ "$(stat -c %d .)" != "$(stat -c %d /)" ]; then
    mkdir -p "/run/root/$PWD"
    mount --bind "$PWD" "/run/root/$PWD"
    mount -o remount,bind,ro "/run/root/$PWD"
fi
cd /run/root
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mkdir run/lock
