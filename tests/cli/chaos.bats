#!/usr/bin/env bats
# Faults on demand: every input is accounted for, whatever is injected.

load helper

# accounted COUNT: each input has either its result or one line of failure.
accounted() {
    local done failed
    done=$(wc -l <"$out")
    failed=$(grep -c '^sopool: stdin:[0-9]*: ' "$err" || true)
    if [ $((done + failed)) -ne "$1" ]; then
        echo "$done results, $failed failures, of $1" >&2
        tail -n 5 "$err" >&2
        return 1
    fi
    # And the results are those of the inputs that did not fail.
    sort -n "$out" <(sed -n 's/^sopool: stdin:\([0-9]*\): .*/\1/p' "$err") |
        cmp - <(seq "$1")
}

# storm FAULTS [OPTION...]: 2000 numbers through a pool that has them.
storm() {
    local faults=$1
    shift
    status=0
    seq 2000 | sopool map --plugin-path "$SOPOOL_TEST_PLUGINS" --chaos "$faults" \
        "$@" --input json faults.echo >"$out" 2>"$err" || status=$?
}

@test "kill: the calls that ran fail, all others are done" {
    for method in forkserver spawn fork; do
        [ -z "$SOPOOL_TEST_SANITIZED" ] || [ "$method" != fork ] || continue
        storm kill=1/50,seed=3 --start-method "$method"
        [ "$status" -eq 1 ]
        grep -q 'SIGKILL' "$err"
        accounted 2000
    done
}

@test "kill with retries: nothing fails if the task may be repeated" {
    storm kill=1/100 --retries 100
    ends 0
    accounted 2000
}

@test "slow, init-fail: nothing fails" {
    storm slow=1/20:2ms,init-fail=1/5,seed=7 --maxtasksperchild 100
    ends 0
    accounted 2000
}

@test "nomem: a task without memory says so" {
    storm nomem=1/20
    [ "$status" -eq 1 ]
    grep -qi 'memory' "$err"
    accounted 2000
}

@test "all at once, also in threads" {
    for method in forkserver spawn thread; do
        storm kill=1/100,slow=1/100:1ms,init-fail=1/10,nomem=1/50 \
            --start-method "$method" --unordered --timeout 5s
        [ "$status" -eq 1 ]
        accounted 2000
    done
}

@test "the same seed hits the same calls" {
    storm kill=1/50,seed=11 -j 1
    sed -n 's/^sopool: stdin:\([0-9]*\): .*/\1/p' "$err" >"$BATS_TEST_TMPDIR/first"
    storm kill=1/50,seed=11 -j 1
    sed -n 's/^sopool: stdin:\([0-9]*\): .*/\1/p' "$err" |
        cmp - "$BATS_TEST_TMPDIR/first"
    [ -s "$BATS_TEST_TMPDIR/first" ]
}

@test "a config may ask for it" {
    printf 'chaos: nomem=1/1\n' >"$BATS_TEST_TMPDIR/pool.yaml"
    run sopool apply -c "$BATS_TEST_TMPDIR/pool.yaml" hash.sha256 3
    ends 1
}

@test "what is no fault is refused" {
    for faults in kil=1/2 kill=2/1 kill=1 kill=1/0 slow=1/2 slow=1/2:5 \
        slow=1/2:5d seed= seed=x kill=1/2, '' kill=-1/2 nomem=1/2x; do
        run sopool apply --chaos "$faults" math.square 3
        ends 2
        has "sopool: --chaos: '" "allowed: kill"
    done
    run sopool apply --chaos kil=1/2 math.square 3
    has "'kil=1/2' is no fault; allowed: kill, slow, init-fail, nomem, seed"
}
