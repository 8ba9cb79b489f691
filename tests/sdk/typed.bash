# typed.bash - typed arrays (RFC 8746), which no text can be, as arguments.

# typed_arrays FOLDER SUM ANY LIST WORDS: so the tasks of a plugin in that folder
# take them: a sum of numbers, a value of any type, integers of 32 bits, texts.
typed_arrays() {
    command -v pkg-config >/dev/null || skip "no pkg-config"
    use_installed
    # shellcheck disable=SC2046,SC2086 # words
    $SOPOOL_TEST_CC -o "$BATS_TEST_TMPDIR/typed" \
        "$SOPOOL_TEST_SOURCE/tests/sdk/typed.c" \
        $(pkg-config --cflags --libs sopool sopool-sdk)
    run "$BATS_TEST_TMPDIR/typed" "$1" \
        "$2" 81d84042ff01 "$2" 81d84842ff01 \
        "$2" 81d84544ffff0100 "$2" 81d84944ffff0003 \
        "$2" 81d84f48feffffffffffffff \
        "$2" 81d850423c00 "$2" 81d855440000c03f \
        "$2" 81d85650000000000000f83f0000000000000440 \
        "$2" 81d8524840f0000000000000 "$2" 81d85640 \
        "$2" 81d8535000000000000000000000000000000000 \
        "$3" 81d84e4400000080 "$4" 81d84244ffffffff \
        "$4" 81d855440000c03f "$5" 81d84842ff01
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
