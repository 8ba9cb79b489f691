#!/bin/sh
# booted.sh COMMAND... - runs the command, as root and in the current folder, on
# this system with systemd as its first process: in namespaces of its own, and with
# a file system into which nothing is really written. Ends as the command does; 77
# when that cannot be done here.

log=$(mktemp) || exit 99
manager=
trap 'end; rm -f "$log"' EXIT

# shellcheck disable=SC2317
end() {
    [ -z "$manager" ] || kill -9 "$manager" 2>/dev/null
}

cannot() {
    echo "booted.sh: $*" >&2
    sed 's/^/# /' "$log" >&2
    exit 77
}

[ "$(id -u)" -eq 0 ] || cannot "needs root"
[ -x /lib/systemd/systemd ] || cannot "needs systemd"

tools=$(cd "$(dirname "$0")" && pwd) || exit 99
# shellcheck disable=SC2016
tools=$tools setsid unshare --mount --pid --fork --mount-proc --cgroup \
    --uts --ipc sh -ec '
    . "$tools/overlay.sh"
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t cgroup2 none sys/fs/cgroup
    mkdir -p run/systemd/system etc/tmpfiles.d
    ln -sf /dev/null etc/tmpfiles.d/tmp.conf # /tmp stays as it is
    printf "[Unit]\nWants=systemd-tmpfiles-setup.service\n" \
        >run/systemd/system/tried.target
    exec env container=other chroot . \
        /lib/systemd/systemd --system --unit=tried.target
' >"$log" 2>&1 </dev/null &
inside=$!
here=$PWD
cd / || exit 99
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    manager=$(cat /proc/$inside/task/$inside/children 2>/dev/null | tr -d ' ')
    if [ -n "$manager" ] && nsenter -t "$manager" -a -r -w \
        systemctl is-active tried.target >/dev/null 2>&1; then
        # shellcheck disable=SC2016
        nsenter -t "$manager" -a -r -w sh -c 'cd "$0" && exec "$@"' "$here" "$@"
        exit
    fi
    kill -0 $inside 2>/dev/null || break
    sleep 1
done
cannot "systemd does not start in a container here"
