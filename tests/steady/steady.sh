#!/bin/sh
# steady.sh - no allocation and no system call for a call in steady state, in
# the program and in its workers: counted by a library that is preloaded.
[ -n "$SOPOOL_TEST_STAGE" ] || exec sh tests/env sh "$0"

if [ -n "$SOPOOL_TEST_SANITIZED" ]; then
    echo "1..0 # SKIP the sanitizers allocate themselves"
    exit 0
fi
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
source=$SOPOOL_TEST_SOURCE
# Unquoted: compiler and flags.
# shellcheck disable=SC2086
$SOPOOL_TEST_CC -O1 -shared -fPIC -o "$tmp/count.so" \
    "$source/tests/steady/count.c" || exit 99
# shellcheck disable=SC2086
$SOPOOL_TEST_CC $SOPOOL_TEST_CFLAGS -D_GNU_SOURCE -I"$source/core/include" \
    -o "$tmp/steady" "$source/tests/steady/steady.c" \
    -L"${LD_LIBRARY_PATH%%:*}" -lsopool || exit 99

echo 1..4
COUNT_WORKERS=$tmp/workers LD_PRELOAD=$tmp/count.so "$tmp/steady"
status=$?

# 720,000 calls in all.
awk '{ allocations += $1; calls += $3 }
    END {
        printf "# workers: %d allocations, %d system calls\n", allocations, calls
        good = NR > 0 && allocations < 7200 && calls < 72000
        printf "%sok 4 - workers in steady state\n", good ? "" : "not "
        exit !good
    }' "$tmp/workers" || status=1
exit $status
