#!/usr/bin/env bats
# sopool list: which tasks there are.

load helper

@test "all tasks: names, signatures, docs, in the order of their names" {
    run sopool list
    ends 0
    has "math.square" "(x: i64) -> i64" "hash.sha512" "(data: bytes) -> str"
    sopool list | cut -d ' ' -f 1 >"$out"
    LC_ALL=C sort -c "$out"
    [ "$(wc -l <"$out")" -gt 2 ]
}

@test "columns are aligned" {
    sopool list math >"$out"
    # Each signature begins where the first does.
    run awk '{ at = index($0, "("); if (!(at in seen)) n++; seen[at] = 1 }
        END { print n }' "$out"
    is 1
}

@test "of a plugin" {
    run sopool list math
    ends 0
    has "math.square"
    [[ $output != *hash.* ]]
}

@test "of one task all is told" {
    run sopool list math.square
    ends 0
    has "name       math.square" "signature  (x: i64) -> i64" \
        "plugin     math" "version " "/math.so"
}

@test "flags are told" {
    run faults list faults.echo
    ends 0
    has "pure: the result depends on the arguments alone"
}

@test "as JSON" {
    run sopool list --json math.square
    ends 0
    echo "$output" | python3 -c '
import json, sys
tasks = json.load(sys.stdin)
assert len(tasks) == 1, tasks
task = tasks[0]
assert task["name"] == "math.square"
assert task["signature"] == "(x: i64) -> i64"
assert task["params"] == [{"name": "x", "type": "i64"}]
assert task["result"] == "i64"
assert task["plugin"] == "math"
assert task["file"].endswith("/math.so")
assert isinstance(task["flags"], list) and task["doc"] and task["version"]
'
    run sopool list --json
    ends 0
    echo "$output" | python3 -c 'import json, sys
assert len(json.load(sys.stdin)) > 2'
}

@test "an unknown task: the nearest is named" {
    run sopool list math.sqare
    ends 2
    has "there is no task 'math.sqare'" "did you mean 'math.square'?"
}

@test "an unknown plugin: the nearest is named" {
    run sopool list mth
    ends 2
    has "there is no plugin 'mth'" "did you mean 'math'?"
}

@test "one word at most" {
    run sopool list math hash
    ends 2
    has "one plugin or task" "Try 'sopool list --help'"
}

@test "a file that is no plugin is a warning" {
    mkdir "$BATS_TEST_TMPDIR/plugins"
    echo nonsense >"$BATS_TEST_TMPDIR/plugins/nonsense.so"
    chmod -R go-w "$BATS_TEST_TMPDIR/plugins"
    run --separate-stderr sopool list \
        --plugin-path "$BATS_TEST_TMPDIR/plugins"
    ends 0
    has "math.square"
    [[ $stderr == *"sopool: warning: "*nonsense.so* ]]
}

@test "a plugin that others may write is refused with the way to mend it" {
    mkdir "$BATS_TEST_TMPDIR/plugins"
    cp "$SOPOOL_TEST_PLUGINS/faults.so" "$BATS_TEST_TMPDIR/plugins"
    chmod 755 "$BATS_TEST_TMPDIR/plugins"
    chmod 666 "$BATS_TEST_TMPDIR/plugins/faults.so"
    run sopool list --plugin-path "$BATS_TEST_TMPDIR/plugins" faults
    ends 2
    has faults.so chmod
    # Cargo calls its file so.
    mv "$BATS_TEST_TMPDIR/plugins/faults.so" \
        "$BATS_TEST_TMPDIR/plugins/libfaults.so"
    run sopool list --plugin-path "$BATS_TEST_TMPDIR/plugins" faults
    ends 2
    has libfaults.so chmod
}

@test "a plugin folder on the command line must be there" {
    run sopool list --plugin-path /nonexistent
    ends 2
    has /nonexistent
}

@test "no plugin at all is said" {
    mkdir -p "$BATS_TEST_TMPDIR/home" "$BATS_TEST_TMPDIR/empty"
    echo "plugins: {path: [$BATS_TEST_TMPDIR/empty]}" \
        >"$BATS_TEST_TMPDIR/empty.yaml"
    SOPOOL_PLUGIN_PATH= HOME=$BATS_TEST_TMPDIR/home run --separate-stderr \
        sopool list --config "$BATS_TEST_TMPDIR/empty.yaml"
    ends 0
    is ""
    [[ $stderr == *"no plugins found"* ]]
}
