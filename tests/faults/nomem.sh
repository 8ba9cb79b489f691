#!/bin/sh
# nomem.sh - each allocation of a short run fails once, in the command or in its
# workers, and the run ends as it should: with all results, or with a message
# and an exit status that say that something failed.
[ -n "$SOPOOL_TEST_STAGE" ] || exec sh tests/env sh "$0"

if [ -n "$SOPOOL_TEST_SANITIZED" ]; then
    echo "1..0 # SKIP the sanitizers allocate themselves"
    exit 0
fi
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
# Unquoted: compiler and flags.
# shellcheck disable=SC2086
$SOPOOL_TEST_CC -O1 -shared -fPIC -o "$tmp/nomem.so" \
    "$SOPOOL_TEST_SOURCE/tests/faults/nomem.c" || exit 99
seq 20 >"$tmp/in"
seq 20 | sed 's/.*/[&]/' >"$tmp/in.json"
printf 'processes: 2\nmaxtasksperchild: 5\n' >"$tmp/pool.yaml"
chmod go-w "$tmp/pool.yaml"

# once OF AT INPUT ARGUMENT...: in $tmp/out and $tmp/err.
once() {
    of=$1 at=$2 input=$3
    shift 3
    NOMEM_OF=$of NOMEM_AT=$at NOMEM_COUNT=$tmp/count \
        LD_PRELOAD=$tmp/nomem.so timeout -s KILL 60 "$@" \
        <"$input" >"$tmp/out" 2>"$tmp/err"
}

# judge AT STATUS: says what is wrong with a run.
judge() {
    if [ "$2" -eq 0 ]; then
        cmp -s "$tmp/out" "$tmp/good" || echo "# $1: other results"
    elif [ "$2" -gt 3 ]; then
        echo "# $1: status $2: $(tail -n 1 "$tmp/err")"
    elif ! [ -s "$tmp/err" ] && ! grep -q '^{"error"' "$tmp/out"; then
        echo "# $1: status $2 without a word"
    fi
}

number=0
failed=0

# each OF INPUT ARGUMENT...: all of a run's allocations, one by one.
each() {
    whose=$1 lines=$2
    shift 2
    number=$((number + 1))
    rm -f "$tmp/count"
    if ! once "$whose" 0 "$lines" "$@"; then
        echo "not ok $number - $*: fails without a fault"
        failed=1
        return
    fi
    cp "$tmp/out" "$tmp/good"
    # A forkserver is killed in the end, and writes nothing.
    count=$(cat "$tmp/count" 2>/dev/null || echo 200)
    at=1
    : >"$tmp/wrong"
    while [ "$at" -le "$count" ]; do
        status=0
        once "$whose" "$at" "$lines" "$@" 2>/dev/null || status=$?
        judge "$at" "$status" >>"$tmp/wrong"
        at=$((at + 1))
    done
    if [ -s "$tmp/wrong" ] || [ "$count" -lt 20 ]; then
        echo "not ok $number - $whose: $*"
        head -n 20 "$tmp/wrong"
        failed=1
    else
        echo "ok $number - $whose, each of $count: $*"
    fi
}

echo 1..9
for method in forkserver spawn fork thread; do
    each sopool "$tmp/in" sopool map --start-method $method math.square
done
each sopool "$tmp/in.json" sopool starmap -c "$tmp/pool.yaml" --output json \
    math.square
each sopool "$tmp/in" sopool list --json
each sopool "$tmp/in" sopool check "$tmp/pool.yaml"
for method in forkserver spawn; do
    each sopool-worker "$tmp/in" sopool map --start-method $method math.square
done
exit $failed
