#!/usr/bin/env bats
# How the command ends: statuses, signals, output that cannot be written, and
# nothing that stays behind.

load helper

@test "0: all good" {
    run sopool map math.square <<<$'1\n2'
    ends 0
}

@test "1: a call failed" {
    run faults map faults.fail_odd <<<$'2\n3\n4'
    ends 1
}

@test "2: usage, config, plugin" {
    run sopool map
    ends 2
    run sopool map math.nothing </dev/null
    ends 2
    run sopool map -c /nonexistent.yaml math.square </dev/null
    ends 2
    run sopool map --plugin-path /nonexistent math.square </dev/null
    ends 2
}

@test "3: the pool broke: said once, and no worker is left" {
    cat >"$BATS_TEST_TMPDIR/pool.yaml" <<'END'
plugins: {load: [faults]}
initializer: faults.fail
initargs: ["no start today"]
END
    yes 2 | (marked faults map -c "$BATS_TEST_TMPDIR/pool.yaml" \
        faults.fail_odd >"$out" 2>"$err"; echo $? >"$BATS_TEST_TMPDIR/status") ||
        true
    [ "$(cat "$BATS_TEST_TMPDIR/status")" -eq 3 ]
    [ ! -s "$out" ]
    [ "$(wc -l <"$err")" -eq 1 ]
    grep -q "no start today" "$err"
    run marked faults apply -c "$BATS_TEST_TMPDIR/pool.yaml" faults.echo 1
    ends 3
    has "no start today"
    run leftover
    is ""
}

@test "a closed pipe ends it quietly, as it does any filter" {
    run bash -c "yes 3 | sopool map math.square | head -n 2
        echo \"\${PIPESTATUS[1]}\""
    is $'9\n9\n141'
    run bash -c "yes x | sopool map math.square 2>&1 >/dev/null | head -n 1"
    ends 0
    has "stdin:1:"
    # Who started it may have it ignored.
    run timeout 20 bash -c "trap '' PIPE
        yes x | sopool map math.square 2>&1 >/dev/null | head -n 1"
    ends 0
}

@test "a closed pipe ends it though the input is still open" {
    run marked python3 - <<'END'
import subprocess

p = subprocess.Popen(["sopool", "map", "math.square"],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
p.stdin.write(b"1\n")
p.stdin.flush()
assert p.stdout.readline() == b"1\n"
p.stdout.close()
p.stdin.write(b"2\n")
p.stdin.flush()
print(p.wait(20))
END
    is -13
    run leftover
    is ""
}

@test "no room for results" {
    local status=0
    sopool map math.square <<<$'1\n2' >/dev/full 2>"$err" || status=$?
    [ $status -eq 1 ]
    [ "$(cat "$err")" = \
        "sopool: cannot write results: No space left on device" ]
    status=0
    sopool apply math.square 2 >/dev/full 2>"$err" || status=$?
    [ $status -eq 1 ]
    grep -q "No space left" "$err"
    for command in "list" "--help" "map --help" "--version"; do
        status=0
        sopool $command >/dev/full 2>"$err" || status=$?
        [ $status -eq 1 ]
        grep -q "No space left" "$err"
    done
}

@test "no room for results of an endless input" {
    local status=0
    yes 7 | marked sopool map math.square >/dev/full 2>"$err" || status=$?
    [ $status -eq 1 ]
    [ "$(wc -l <"$err")" -eq 1 ]
    run leftover
    is ""
}

@test "closed descriptors" {
    local status=0
    sopool apply math.square 2 >&- 2>"$err" || status=$?
    [ $status -eq 1 ]
    grep -q "cannot write results" "$err"
    status=0
    sopool map math.square <&- 2>"$err" || status=$?
    [ $status -eq 1 ]
    grep -q "cannot read 'stdin'" "$err"
    run bash -c "sopool apply math.square 2 2>&-"
    ends 0
    is 4
}

@test "signals end it at once, with a summary and nobody left" {
    local signal number said
    for signal in SIGINT:130 SIGTERM:143 SIGHUP:129; do
        number=${signal#*:}
        said="sopool: stopped by ${signal%:*}: 1 calls were done, 0 of them"
        said="$said failed; 0 more inputs were read, and have no result"
        run marked signalled ${signal%:*} sopool map math.square
        is "$number
$said"
        run marked signalled ${signal%:*} sopool map \
            --plugin-path "$SOPOOL_TEST_PLUGINS" -j 2 faults.echo
        is "$number
$said"
    done
    run leftover
    is ""
}

@test "signals end calls that are running, of every start method" {
    local method
    for method in forkserver spawn fork thread; do
        # The sanitizers' runtime cannot be forked while other threads use it.
        [ -z "$SOPOOL_TEST_SANITIZED" ] || [ "$method" != fork ] || continue
        run marked python3 - "$method" "$SOPOOL_TEST_PLUGINS" <<'END'
import signal, subprocess, sys, time

signal.signal(signal.SIGINT, signal.SIG_DFL)
p = subprocess.Popen(["sopool", "map", "--plugin-path", sys.argv[2],
                      "--start-method", sys.argv[1], "--chunksize", "1",
                      "-j", "2", "faults.nap"],
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE)
p.stdin.write(b"1\n" + 10 * b"60000\n")
p.stdin.flush()
p.stdout.readline()
time.sleep(0.2)
begin = time.monotonic()
p.send_signal(signal.SIGINT)
p.wait(20)
assert time.monotonic() - begin < 10
print(p.returncode, p.stderr.read())
END
        is "-2 b'sopool: stopped by SIGINT: 1 calls were done, 0 of them \
failed; 10 more inputs were read, and have no result\n'"
    done
    run leftover
    is ""
}

@test "a signal ends it while nobody reads its results" {
    run marked python3 - <<'END'
import signal, subprocess, time

signal.signal(signal.SIGINT, signal.SIG_DFL)
yes = subprocess.Popen(["yes", "3"], stdout=subprocess.PIPE)
p = subprocess.Popen(["sopool", "map", "math.square"], stdin=yes.stdout,
                     stdout=subprocess.PIPE)
yes.stdout.close()
p.stdout.readline()
time.sleep(0.5)
p.send_signal(signal.SIGINT)
print(p.wait(20))
yes.wait(20)
END
    has "sopool: stopped by SIGINT: " " calls were done, 0 of them failed;"
    is "${output%-2}-2"
    run leftover
    is ""
}

@test "a signal that was ignored stays so" {
    run bash -c "trap '' HUP; (echo 3; sleep 0.5; echo 4) |
        { sopool map math.square & p=\$!; sleep 0.2; kill -HUP \$p; wait \$p; }"
    ends 0
    is $'9\n16'
}

@test "no worker survives a kill -9 of the command" {
    local method
    for method in forkserver spawn fork; do
        run marked signalled SIGKILL sopool map --start-method $method \
            math.square
        [ "${lines[0]}" = 137 ]
    done
    run leftover
    is ""
}

@test "no worker survives a kill -9 while workers are being started" {
    local method round
    for method in forkserver spawn fork; do
        for round in 1 2 3 4 5 6 7 8 9 10; do
            # Each call gets a new worker.
            SOPOOL_TEST_MARK=$BATS_TEST_TMPDIR sopool map -j 3 \
                --start-method $method --maxtasksperchild 1 math.square \
                < <(yes 7) >/dev/null 2>&1 &
            sleep "0.0$((RANDOM % 90 + 10))"
            kill -KILL $!
            wait $! || [ $? -eq 137 ]
        done
    done
    run leftover
    is ""
}

@test "no worker is left after crashes" {
    printf '%s\n' {1..40} >"$BATS_TEST_TMPDIR/in"
    run marked faults map faults.die_odd "$BATS_TEST_TMPDIR/in"
    ends 1
    run leftover
    is ""
}
