# language.bash - what the tests of tasks in other languages than C share. They
# set the plugin's name, $plugin, and the folder that it is in, $plugins.

# plugged COMMAND ARGUMENT...: sopool with that folder in reach.
plugged() {
    local command=$1
    shift
    sopool "$command" --plugin-path "$plugins" "$@"
}

# gives RESULT TASK ARGUMENT...: what the task prints.
gives() {
    local result=$1 task=$2
    shift 2
    run plugged apply "$plugin.$task" -- "$@"
    ends 0
    is "$result"
}

# same TASK ARGUMENT...: each comes back as it was.
same() {
    local task=$1 x
    shift
    for x; do
        gives "$x" "$task" "$x"
    done
}

# fails WHY TASK ARGUMENT...
fails() {
    local why=$1 task=$2
    shift 2
    run plugged apply "$plugin.$task" -- "$@"
    ends 1
    is "sopool: $plugin.$task: $why"
}

# typed_arrays SUM ANY LIST WORDS: so these tasks take typed arrays (RFC 8746),
# which no text can be: a sum of numbers, a value of any type, integers of 32
# bits, texts.
typed_arrays() {
    command -v pkg-config >/dev/null || skip "no pkg-config"
    use_installed
    # shellcheck disable=SC2046,SC2086 # words
    $SOPOOL_TEST_CC -o "$BATS_TEST_TMPDIR/typed" \
        "$SOPOOL_TEST_SOURCE/tests/sdk/typed.c" \
        $(pkg-config --cflags --libs sopool sopool-sdk)
    run "$BATS_TEST_TMPDIR/typed" "$plugins" \
        "$plugin.$1" 81d84042ff01 "$plugin.$1" 81d84842ff01 \
        "$plugin.$1" 81d84544ffff0100 "$plugin.$1" 81d84944ffff0003 \
        "$plugin.$1" 81d84f48feffffffffffffff \
        "$plugin.$1" 81d850423c00 "$plugin.$1" 81d855440000c03f \
        "$plugin.$1" 81d85650000000000000f83f0000000000000440 \
        "$plugin.$1" 81d8524840f0000000000000 "$plugin.$1" 81d85640 \
        "$plugin.$1" 81d8535000000000000000000000000000000000 \
        "$plugin.$2" 81d84e4400000080 "$plugin.$3" 81d84244ffffffff \
        "$plugin.$3" 81d855440000c03f "$plugin.$4" 81d84842ff01
    ends 0
    is "256
0
65536
2
-2
1
1.5
4
65536
0
argument 1 (x) is of floats of 128 bits
a list
argument 1 (x[0]) is outside the range of i32
argument 1 (x[0]) is not an integer
argument 1 (x[0]) is not text"
}
