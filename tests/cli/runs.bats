#!/usr/bin/env bats
# runs.bats - what ends a run early, holds it back, or only shows it.

load helper

bats_require_minimum_version 1.5.0

@test "halt: never is the default" {
    run bash -c "seq 1 9 | sopool map --plugin-path '$SOPOOL_TEST_PLUGINS' \
        faults.fail_odd 2>/dev/null | wc -l"
    is 4
}

@test "halt soon: no more calls begin, those that run are finished" {
    run bash -c "(echo 3000; sleep 1; echo x; seq 1 100000) | sopool map -j 2 \
        --plugin-path '$SOPOOL_TEST_PLUGINS' --halt soon faults.nap 2>'$err'"
    ends 1
    [ "$(echo "$output" | head -1)" = 3000 ]
    [ "$(echo "$output" | wc -l)" -lt 1000 ]
    run cat "$err"
    has " calls failed: the run ends here, as --halt says; calls that run are \
finished" " more inputs were read, and have no result"
}

@test "halt now: calls that run are ended, though they come first" {
    run timeout 20 bash -c "(echo 600000; echo x; echo 5) | sopool map -j 2 \
        --plugin-path '$SOPOOL_TEST_PLUGINS' --halt now faults.nap 2>'$err'"
    ends 1
    run cat "$err"
    has "the run ends here, as --halt says; calls that run are ended"
}

@test "halt does not wait for input" {
    run timeout 20 python3 - "$SOPOOL_TEST_PLUGINS" <<'END'
import subprocess, sys
p = subprocess.Popen(["sopool", "map", "--plugin-path", sys.argv[1], "--halt",
                      "now", "faults.fail_odd"], stdin=subprocess.PIPE,
                     stderr=subprocess.DEVNULL)
p.stdin.write(b"1\n")
p.stdin.flush()
print(p.wait(15))
END
    is 1
}

@test "halt after so many failures, or such a part" {
    run bash -c "seq 1 100 | sopool map --plugin-path '$SOPOOL_TEST_PLUGINS' \
        --halt soon,fail=1000 faults.fail_odd 2>/dev/null | wc -l"
    is 50
    run bash -c "seq 2 2 2000 | sopool map --plugin-path \
        '$SOPOOL_TEST_PLUGINS' --halt soon,fail=1% faults.fail_odd | wc -l"
    is 1000
    run bash -c "seq 1 100000 | sopool map --plugin-path \
        '$SOPOOL_TEST_PLUGINS' --halt soon,fail=10% faults.fail_odd \
        2>/dev/null | wc -l"
    [ "$output" -lt 5000 ]
}

@test "halt: what is wrong is told" {
    local value
    for value in never,fail=1 later soon,fail=0 now,fail=101% soon,x; do
        run sopool map --halt "$value" math.square </dev/null
        ends 2
        is "sopool: --halt: '$value' is not right; allowed: never, soon, now, \
the latter two followed by ,fail=N or ,fail=N% or not"
    done
}

@test "limit-rate: calls begin no faster" {
    local begin end
    begin=$(date +%s%N)
    run bash -c "seq 1 11 | sopool map --limit-rate 20/s math.square | tail -1"
    end=$(date +%s%N)
    is 121
    [ $(((end - begin) / 1000000)) -ge 500 ]
    run sopool map --limit-rate 5/d math.square </dev/null
    ends 2
    is "sopool: --limit-rate: '5/d' is not right; allowed: a number above 0, \
such as 100, 100/s, 6/m or 10/h"
}

@test "max-load: nothing is held back below it" {
    run bash -c "seq 1 3 | sopool map --max-load 100000 math.square"
    ends 0
    is "1
4
9"
    run sopool map --max-load -3 math.square </dev/null
    ends 2
    is "sopool: --max-load: '-3' is not right; allowed: a number above 0, such \
as 2.5, or 80% of the processors"
}

@test "max-load: calls wait above it" {
    run bash -c "echo 3 | timeout 2 sopool map --max-load 0.0001% math.square"
    ends 124
}

@test "dry-run: the calls, and none of them is run" {
    run bash -c "printf '[\"$BATS_TEST_TMPDIR/file\", 3]\n' |
        sopool starmap --plugin-path '$SOPOOL_TEST_PLUGINS' --dry-run \
        faults.record"
    ends 0
    is "faults.record [\"$BATS_TEST_TMPDIR/file\",3]"
    [ ! -e "$BATS_TEST_TMPDIR/file" ]
}

@test "dry-run: what could not be run" {
    run bash -c "printf '3\nx\n' | sopool map --dry-run math.square"
    ends 1
    has "math.square [3]" "stdin:2: argument 1 (x): 'x' is not an i64"
    run bash -c "sopool map --dry-run math.squire </dev/null"
    ends 2
    has "math.square"
}

@test "dry-run: what is in the log is not shown, and the log stays as it is" {
    local log=$BATS_TEST_TMPDIR/log before
    printf '3\n' | sopool map --joblog "$log" math.square >"$out"
    before=$(cat "$log")
    run bash -c "printf '3\n4\n' |
        sopool map --dry-run --joblog '$log' --resume math.square 2>/dev/null"
    is "math.square [4]"
    [ "$before" = "$(cat "$log")" ]
}
