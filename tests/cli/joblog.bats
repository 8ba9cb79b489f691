#!/usr/bin/env bats
# joblog.bats - runs that write a log, and runs that go on from it.

load helper

bats_require_minimum_version 1.5.0

log=$BATS_TEST_TMPDIR/run.log

# column NAME: that of the log, without the first line.
column() {
    awk -F '\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++)
        if ($i == name) n = i; next } { print $n }' "$log"
}

@test "a line for each call, with all that is known of it" {
    printf '3\nx\n5\n' | faults map --joblog "$log" faults.nap >"$out" \
        2>"$err" || true
    run column Input
    is "1
2
3"
    run column Status
    is "ok
arguments
ok"
    run column Attempts
    is "1
0
1"
    run awk -F '\t' 'NR == 2 && $4 > 1e9 && $5 >= 0.003 && $6 >= 1 &&
        $7 > 1 && $10 != "-" && $11 > 100 && length($12) == 64 { print "good" }' \
        "$log"
    is good
    run column Error
    has "argument 1 (ms): 'x' is not a u64"
}

@test "the most memory that a worker had is in the log" {
    echo 20 | faults map --joblog "$log" faults.use_memory >"$out"
    run awk -F '\t' 'NR == 2 && $11 > 20000 && $11 < 900000 { print "good" }' \
        "$log"
    is good
}

@test "how a worker died is in the log" {
    printf 'segv\n' | faults map --joblog "$log" faults.die >"$out" 2>"$err" ||
        true
    run column Status
    is died:SIGSEGV
}

@test "a run that is interrupted says how to go on" {
    run signalled SIGINT sopool map --joblog "$log" --resume math.square
    has "; --resume goes on from here"
}

@test "what was done is not run again, wherever it stands" {
    seq 1 50 | sopool map --joblog "$log" math.square >"$out"
    run bash -c "(seq 60 -1 1; echo 7) |
        sopool map --joblog '$log' --resume math.square 2>'$err'"
    ends 0
    is "$(for i in 60 59 58 57 56 55 54 53 52 51 7; do echo $((i * i)); done)"
    run cat "$err"
    is "sopool: $log: 50 calls were done before, 0 of them failed"
    run bash -c "(seq 60 -1 1; echo 7) |
        sopool map --joblog '$log' --resume math.square 2>'$err'"
    ends 0
    is ""
}

@test "equal inputs are counted" {
    printf '2\n2\n' | sopool map --joblog "$log" math.square >"$out"
    run bash -c "printf '2\n2\n2\n2\n' |
        sopool map --joblog '$log' --resume math.square 2>'$err'"
    is "4
4"
}

@test "other arguments, another task: other calls" {
    printf '2\n' | sopool map --joblog "$log" math.square >"$out"
    run bash -c "printf '2\n' |
        sopool map --joblog '$log' --resume math.is_prime 2>'$err'"
    is true
    run bash -c "printf '[\"2\"]\n' |
        sopool starmap --joblog '$log' --resume hash.sha512 2>'$err' | wc -l"
    is 1
}

@test "the same call in another form of input is the same call" {
    printf '2\n' | sopool map --joblog "$log" math.square >"$out"
    run bash -c "printf '[2]\n' |
        sopool starmap --joblog '$log' --resume math.square 2>'$err'"
    is ""
}

@test "failures are run again if that is asked for" {
    local again="--joblog $log --retry-failed"
    touch "$BATS_TEST_TMPDIR/there"
    run ! faults map --joblog "$log" faults.fail_odd < <(seq 1 4) \
        2>"$err" >"$out"
    run bash -c "seq 1 4 | sopool map --plugin-path '$SOPOOL_TEST_PLUGINS' \
        --joblog '$log' --resume faults.fail_odd 2>'$err'"
    ends 0
    is ""
    run cat "$err"
    is "sopool: $log: 4 calls were done before, 2 of them failed; \
--retry-failed runs these again"
    run bash -c "seq 1 4 | sopool map --plugin-path '$SOPOOL_TEST_PLUGINS' \
        $again faults.fail_odd 2>'$err'"
    ends 1
    is ""
    run column Run
    is "1
1
1
1
2
2"
    # A second time there are no more failures than inputs that failed.
    run bash -c "seq 1 4 | sopool map --plugin-path '$SOPOOL_TEST_PLUGINS' \
        $again faults.fail_odd 2>'$err'"
    run cat "$err"
    has "4 calls were done before, 2 of them failed; these are run again"
    run bash -c "column() { :; }; cut -f 3 '$log' | tail -2"
    is "3
3"
}

@test "a log that is there is not written over" {
    echo 2 | sopool map --joblog "$log" math.square >"$out"
    run bash -c "echo 2 | sopool map --joblog '$log' math.square"
    ends 2
    is "sopool: $log: there is a job log already; go on with it by --resume, \
or remove it"
}

@test "a file that is no log is refused, and kept" {
    echo "my diary" >"$log"
    run bash -c "echo 2 | sopool map --joblog '$log' --resume math.square"
    ends 2
    is "sopool: $log:1:1: this is no line of a job log; allowed: what --joblog \
has written"
    is "$output"
    run cat "$log"
    is "my diary"
}

@test "a torn last line is dropped, and its call run again" {
    printf '2\n3\n' | sopool map --joblog "$log" math.square >"$out"
    truncate -s -5 "$log"
    run bash -c "printf '2\n3\n' |
        sopool map --joblog '$log' --resume math.square 2>'$err'"
    ends 0
    is 9
    run cat "$err"
    has "$log: its last line is not whole; that call is run again"
    run bash -c "printf '2\n3\n' |
        sopool map --joblog '$log' --resume math.square 2>'$err'"
    is ""
}

@test "two runs do not share a log" {
    (echo 1000 | faults map --joblog "$log" faults.nap >/dev/null) &
    while [ ! -s "$log" ]; do sleep 0.05; done
    run bash -c "echo 2 | sopool map --joblog '$log' --resume math.square"
    ends 2
    is "sopool: $log: another run is writing this job log; wait for its end, \
or give another file"
    wait
}

@test "resume without a log; a log that cannot be made" {
    run bash -c "echo 2 | sopool map --retry-failed math.square"
    ends 2
    is "sopool: --retry-failed needs --joblog FILE: the log of the run to go \
on with"
    run bash -c "echo 2 | sopool map --joblog /nowhere/x math.square"
    ends 2
    is "sopool: /nowhere/x: cannot be opened: No such file or directory"
}

@test "a full disk under the log loses no result" {
    run bash -c "seq 1 3 | sopool map --joblog /dev/full math.square 2>'$err'"
    ends 2
    run cat "$err"
    is "sopool: /dev/full: cannot be written: No space left on device"
}

# Nothing is lost, and what is in the log is not repeated.
@test "kill -9 at any moment" {
    local round before calls=400
    seq 1 $calls | shuf >"$BATS_TEST_TMPDIR/in"
    # The command may be killed before it has made these.
    : >"$BATS_TEST_TMPDIR/all"
    : >"$log"
    for round in 1 2 3 4 5 6 7 8; do
        shuf "$BATS_TEST_TMPDIR/in" |
            sed "s|.*|[\"$BATS_TEST_TMPDIR/runs\", &]|" \
                >"$BATS_TEST_TMPDIR/again"
        before=$(column Key 2>/dev/null | sort)
        python3 - "$log" "$BATS_TEST_TMPDIR/again" "$BATS_TEST_TMPDIR/all" \
            "$SOPOOL_TEST_PLUGINS" <<'END'
import random, subprocess, sys, time

log, again, out, plugins = sys.argv[1:]
p = subprocess.Popen(["sopool", "starmap", "--plugin-path", plugins,
                      "--joblog", log, "--resume", "--unordered",
                      "--limit-rate", "400", "faults.record", again],
                     stdout=open(out, "a"), stderr=subprocess.DEVNULL)
time.sleep(random.uniform(0.1, 0.4))
p.kill()
p.wait()
END
        # No key stands in the log twice: each input is another call.
        run bash -c "cut -f 12 '$log' | sort | uniq -d"
        is ""
        # What the log had, it has still.
        run bash -c "comm -23 <(echo '$before') <(cut -f 12 '$log' | sort)"
        is ""
    done
    run sopool starmap --plugin-path "$SOPOOL_TEST_PLUGINS" --joblog "$log" \
        --resume faults.record "$BATS_TEST_TMPDIR/again"
    ends 0
    # Each call was done, and each result written before it was logged.
    run bash -c "cut -f 8 '$log' | tail -n +2 | sort | uniq -c | tr -d ' '"
    is "${calls}ok"
    run bash -c "sort -un '$BATS_TEST_TMPDIR/runs' | wc -l"
    is "$calls"
}
