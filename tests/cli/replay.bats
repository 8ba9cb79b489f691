#!/usr/bin/env bats
# Crashes that are kept, and run again.

load helper

setup() {
    dir=$BATS_TEST_TMPDIR/crashes
    printf '1\n2\n3\n' >"$BATS_TEST_TMPDIR/in"
}

# crash OPTION...: of three inputs the first and the last kill their workers.
crash() {
    run --separate-stderr sopool map --plugin-path "$SOPOOL_TEST_PLUGINS" \
        --crash-dir "$dir" "$@" faults.die_odd "$BATS_TEST_TMPDIR/in"
    [ "$status" -eq 1 ]
    is 2
}

@test "each crash leaves a bundle, which its message names" {
    for method in forkserver spawn fork; do
        [ -z "$SOPOOL_TEST_SANITIZED" ] || [ "$method" != fork ] || continue
        rm -rf "$dir"
        crash --start-method "$method"
        [ "$(ls "$dir" | wc -l)" -eq 2 ]
        for bundle in "$dir"/*; do
            [[ $stderr == *"; kept in $bundle"* ]]
            [ "$(stat -c %a "$bundle")" = 700 ]
            output=$(cat "$bundle/report.txt")
            has "SIGSEGV" "task        faults.die_odd" \
                "plugin      $SOPOOL_TEST_PLUGINS/faults.so" "build-id    " \
                "started by $method" "ended by    self" "signal      11" \
                "KiB at most" "processor   0." "Where it was" "    die+0x" \
                "sopool replay $bundle"
        done
    done
}

@test "replay runs it again, in its own process" {
    crash
    for bundle in "$dir"/*; do
        run bash -c 'ulimit -c 0; sopool replay "$1"; exit $?' - "$bundle"
        [ "$status" -eq 139 ]
    done
}

@test "replay after the plugin was mended: its result, and that it is another" {
    mkdir -m 755 "$BATS_TEST_TMPDIR/plugins"
    cp "$SOPOOL_TEST_PLUGINS/faults.so" "$BATS_TEST_TMPDIR/plugins/"
    run sopool apply --plugin-path "$BATS_TEST_TMPDIR/plugins" \
        --crash-dir "$dir" faults.die_once_only "$BATS_TEST_TMPDIR/once"
    ends 1
    run sopool replay "$dir"/*
    ends 0
    is true
    cat >"$BATS_TEST_TMPDIR/faults.c" <<'END_C'
#include <sopool/task.h>

SOPOOL_TASK(die_once_only, str, "Mended.", (str, path))
{
    *out = a->path;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(faults, "2", die_once_only);
END_C
    (umask 022 && ${SOPOOL_TEST_CC%% *} -I"$SOPOOL_TEST_SOURCE/sdk/include" \
        -shared -fPIC -o "$BATS_TEST_TMPDIR/plugins/faults.so" \
        "$BATS_TEST_TMPDIR/faults.c")
    run --separate-stderr sopool replay "$dir"/*
    ends 0
    is "$BATS_TEST_TMPDIR/once"
    [[ $stderr == *"faults.so was built anew since the crash" ]]
    cp -r "$BATS_TEST_TMPDIR/plugins" "$BATS_TEST_TMPDIR/moved"
    rm "$BATS_TEST_TMPDIR/plugins/faults.so"
    run env SOPOOL_PLUGIN_PATH="$BATS_TEST_TMPDIR/moved" \
        sopool replay "$dir"/*
    has "sopool: the call ran in $BATS_TEST_TMPDIR/plugins/faults.so; this is \
$BATS_TEST_TMPDIR/moved/faults.so"
}

@test "the pool's initializer runs first" {
    printf 'initializer: faults.init\ninitargs: [42]\n' >"$BATS_TEST_TMPDIR/pool.yaml"
    run sopool apply -c "$BATS_TEST_TMPDIR/pool.yaml" \
        --plugin-path "$SOPOOL_TEST_PLUGINS" --crash-dir "$dir" faults.die segv
    ends 1
    output=$(sopool replay "$dir"/* 2>&1) || status=$?
    [ "$status" -eq 139 ]
    grep -qa initializer "$dir"/*/call.cbor
    grep -qa faults.init "$dir"/*/call.cbor
}

@test "large arguments and the last output are kept" {
    head -c 3000000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/large"
    run bash -c 'sopool map --plugin-path "$SOPOOL_TEST_PLUGINS" \
        --crash-dir "$1" --chaos kill=1/1 faults.print "$2" >/dev/null 2>&1' - \
        "$dir" "$BATS_TEST_TMPDIR/large"
    ends 1
    [ "$(stat -c %s "$dir"/*/call.cbor)" -gt 3000000 ]
    grep -q "chaos seed  1" "$dir"/*/report.txt
    [ "$(sopool replay "$dir"/* 2>/dev/null | wc -c)" -eq 3000001 ]
}

@test "a storm fills no disk, a full one loses nothing" {
    seq 1 2 301 >"$BATS_TEST_TMPDIR/in"
    run sopool map --plugin-path "$SOPOOL_TEST_PLUGINS" --crash-dir "$dir" \
        faults.die_odd "$BATS_TEST_TMPDIR/in"
    [ "$status" -eq 1 ]
    [ "$(grep -c SIGSEGV <<<"$output")" -eq 151 ]
    [ "$(ls "$dir" | wc -l)" -eq 100 ]
    touch "$BATS_TEST_TMPDIR/file"
    run sopool apply --plugin-path "$SOPOOL_TEST_PLUGINS" \
        --crash-dir "$BATS_TEST_TMPDIR/file" faults.die segv
    ends 1
    has "SIGSEGV" "cannot be kept in $BATS_TEST_TMPDIR/file: Not a directory"
}

@test "what is no bundle is told" {
    run sopool replay "$BATS_TEST_TMPDIR/none"
    ends 2
    has "cannot read call.cbor in it: No such file" "--crash-dir"
    mkdir "$BATS_TEST_TMPDIR/bad"
    printf 'nonsense' >"$BATS_TEST_TMPDIR/bad/call.cbor"
    run sopool replay "$BATS_TEST_TMPDIR/bad"
    ends 2
    has "bad/call.cbor: damaged, or none of --crash-dir"
    run sopool replay
    ends 2
    run sopool replay --gdb --valgrind "$BATS_TEST_TMPDIR/bad"
    ends 2
    has "one at a time"
}

@test "replay --gdb stops at the crash, --valgrind tells of it" {
    crash
    bundle=$(ls -d "$dir"/* | head -n 1)
    if command -v gdb >/dev/null && [ -z "$SOPOOL_TEST_SANITIZED" ]; then
        run bash -c 'echo bt | sopool replay --gdb "$1" 2>&1' - "$bundle"
        has "SIGSEGV" "die_odd"
    fi
    if command -v valgrind >/dev/null && [ -z "$SOPOOL_TEST_SANITIZED" ]; then
        run sopool replay --valgrind "$bundle"
        has "Invalid write of size 4" "die"
    fi
}
