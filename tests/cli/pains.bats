#!/usr/bin/env bats
# What hurts the users of other pools, continued from tests/unit/test_pains.c:
# the rows that need a terminal or a compiler.

load helper

# build VERSION [FLAG...]: the plugin pains, which tells its version.
build() {
    local version=$1
    shift
    mkdir -p "$BATS_TEST_TMPDIR/plugins"
    chmod 755 "$BATS_TEST_TMPDIR/plugins"
    cat >"$BATS_TEST_TMPDIR/pains.c" <<END
#include <sopool/task.h>

SOPOOL_TASK(version, i64, "Its version.", (any, value))
{
    *out = $version;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(pains, "$version", version);
END
    (umask 022 && ${SOPOOL_TEST_CC%% *} -I"${INCLUDE:-$SOPOOL_TEST_SOURCE/sdk/include}" \
        -shared -fPIC "$@" -o "$BATS_TEST_TMPDIR/new.so" \
        "$BATS_TEST_TMPDIR/pains.c" &&
        mv "$BATS_TEST_TMPDIR/new.so" "$BATS_TEST_TMPDIR/plugins/pains.so")
}

@test "pain 15: Ctrl-C prints tracebacks and hangs" {
    run marked python3 - "$SOPOOL_TEST_PLUGINS" <<'END'
import os, pty, subprocess, sys, time

# In a terminal of its own, as people press it.
main, other = pty.openpty()
p = subprocess.Popen(["sopool", "map", "--plugin-path", sys.argv[1], "-j", "2",
                      "--chunksize", "1", "--progress=never", "faults.nap"],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE, start_new_session=True,
                     preexec_fn=lambda: __import__("fcntl").ioctl(
                         other, __import__("termios").TIOCSCTTY, 0))
p.stdin.write(b"1\n" + 20 * b"60000\n")
p.stdin.flush()
assert p.stdout.readline() == b"1\n"
time.sleep(0.2)
os.write(main, b"\x03")
print(p.wait(20), p.stderr.read())
END
    is "-2 b'sopool: stopped by SIGINT: 1 calls were done, 0 of them failed; \
20 more inputs were read, and have no result\n'"
    run leftover
    is ""
}

@test "pain 24: a plugin is not compatible, and nobody says in what" {
    cp -r "$SOPOOL_TEST_SOURCE/sdk/include" "$BATS_TEST_TMPDIR/include"
    chmod -R u+w "$BATS_TEST_TMPDIR/include"
    sed -i 's/^#define SOPOOL_ABI_MAJOR .*/#define SOPOOL_ABI_MAJOR 7/' \
        "$BATS_TEST_TMPDIR/include/sopool/abi.h"
    grep -q 'SOPOOL_ABI_MAJOR 7' "$BATS_TEST_TMPDIR/include/sopool/abi.h"
    INCLUDE=$BATS_TEST_TMPDIR/include build 1
    run sopool apply --plugin-path "$BATS_TEST_TMPDIR/plugins" pains.version 0
    ends 2
    has "pains.so" 7 1
}

@test "pain 25: a new build of a plugin crashes, or the old code goes on" {
    for method in forkserver spawn fork thread; do
        build 1
        mkfifo "$BATS_TEST_TMPDIR/$method"
        sopool map --plugin-path "$BATS_TEST_TMPDIR/plugins" -j 2 \
            --maxtasksperchild 3 --chunksize 1 --start-method "$method" \
            pains.version "$BATS_TEST_TMPDIR/$method" >"$out" 2>"$err" &
        exec 7>"$BATS_TEST_TMPDIR/$method"
        seq 10 >&7
        while [ "$(wc -l <"$out")" -lt 10 ]; do sleep 0.05; done
        build 2
        # The pool that runs keeps what it was opened with, new workers too.
        seq 20 >&7
        exec 7>&-
        wait $!
        [ "$(sort "$out" | uniq -c | xargs)" = "30 1" ]
        # The next one has the new build.
        run sopool apply --plugin-path "$BATS_TEST_TMPDIR/plugins" \
            --start-method "$method" pains.version 0
        is 2
    done
}
