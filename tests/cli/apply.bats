#!/usr/bin/env bats
# sopool apply: one call.

load helper

@test "the result alone" {
    run sopool apply math.square 9
    ends 0
    is 81
}

@test "a negative number is an argument" {
    run sopool apply math.square -3
    ends 0
    is 9
    run sopool apply -- math.square -3
    is 9
    run sopool apply math.square -- -3
    is 9
}

@test "-- lets an argument begin with two minuses" {
    run faults apply faults.print -- --version
    ends 0
    has --version
    run sopool apply hash.sha512 -- --
    is "$(printf %s -- | sha512sum | cut -d ' ' -f 1)"
}

@test "an option behind the task is a mistake, and said to be" {
    run sopool apply math.square --output json 3
    ends 2
    has "--output: options stand before the task" \
        "Try 'sopool apply --help'"
}

@test "the number of arguments must be right" {
    run sopool apply math.square
    ends 2
    has "math.square takes 1 argument, not 0: (x: i64) -> i64"
    run sopool apply math.square 1 2
    ends 2
    has "takes 1 argument, not 2"
}

@test "a task is needed" {
    run sopool apply
    ends 2
    has "apply needs a task"
}

@test "an unknown task: the nearest is named" {
    run sopool apply math.sqaure 3
    ends 2
    has "there is no task 'math.sqaure'" "did you mean 'math.square'?"
    run sopool apply mth.square 3
    ends 2
    has "did you mean 'math.square'?"
}

@test "an argument that does not fit" {
    run --separate-stderr sopool apply math.square x
    ends 1
    is ""
    [[ $stderr == "sopool: math.square: argument 1 (x): 'x' is not an i64;"* ]]
    run sopool apply math.square 9223372036854775808
    ends 1
}

@test "a task that fails" {
    run --separate-stderr faults apply faults.fail "no luck"
    ends 1
    is ""
    [ "$stderr" = "sopool: faults.fail: no luck" ]
}

@test "a task that crashes: the signal is named" {
    run --separate-stderr faults apply faults.die segv
    ends 1
    is ""
    [[ $stderr == "sopool: faults.die: worker "*SIGSEGV* ]]
    run --separate-stderr faults apply faults.die kill
    ends 1
    [[ $stderr == *SIGKILL* ]]
    run --separate-stderr faults apply faults.die exit
    ends 1
    [[ $stderr == *"exited with status"* ]]
}

@test "--output json: a result" {
    run sopool apply --output json math.square 9
    ends 0
    is '{"result":81}'
}

@test "--output json: a failure tells all that is known" {
    run --separate-stderr faults apply --output json faults.die segv
    ends 1
    [ "$stderr" = "" ]
    echo "$output" | python3 -c '
import json, sys
e = json.load(sys.stdin)["error"]
assert e["code"] == "died", e
assert e["task"] == "faults.die", e
assert e["signal"] == "SIGSEGV", e
assert e["ended_by"] == "self", e
assert e["pid"] > 1 and "SIGSEGV" in e["message"], e
assert "exit_status" not in e, e
'
    run --separate-stderr faults apply --output json faults.die _exit
    echo "$output" | python3 -c '
import json, sys
e = json.load(sys.stdin)["error"]
assert e["code"] == "died" and e["exit_status"] >= 0, e
assert "signal" not in e, e
'
}

@test "--output json: an argument that does not fit" {
    run --separate-stderr sopool apply --output json math.square x
    ends 1
    [ "$stderr" = "" ]
    has '{"error":{"code":"arguments"' '"task":"math.square"}}'
}

@test "--input json" {
    run sopool apply --input json math.square 12
    is 144
    run sopool apply --input json hash.sha512 '"a"'
    is "$(printf a | sha512sum | cut -d ' ' -f 1)"
    run sopool apply --input json math.square '"12"'
    ends 1
    has '"12" is not an i64'
}

@test "a time limit" {
    run faults apply --timeout 100ms faults.nap 60000
    ends 1
    has "faults.nap" "time limit of 100 ms"
}

@test "every start method" {
    local method
    for method in forkserver spawn fork thread; do
        run sopool apply --start-method $method math.square 7
        ends 0
        is 49
    done
}

@test "what a task prints does not mix with its result" {
    local method
    for method in forkserver spawn fork thread; do
        run --separate-stderr faults apply --start-method $method \
            faults.print hello
        ends 0
        is hello
    done
}

@test "a result of many megabytes" {
    faults apply faults.big 50000000 | wc -c >"$out"
    [ "$(cat "$out")" -eq 50000001 ]
}

@test "no worker is left" {
    local how
    run marked faults apply faults.die segv
    ends 1
    run marked faults apply --timeout 50ms faults.die hang
    ends 1
    run marked sopool apply math.square 2
    ends 0
    run leftover
    is ""
}
