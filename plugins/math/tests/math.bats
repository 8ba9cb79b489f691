# math.bats - the plugin math, through the installed command.

@test "square, up to where it fits" {
    [ "$(sopool apply math.square 9)" = 81 ]
    [ "$(sopool apply math.square -9)" = 81 ]
    [ "$(sopool apply math.square 3037000499)" = 9223372030926249001 ]
    run sopool apply math.square 3037000500
    [ "$status" -eq 1 ]
    [[ "$output" == *"3037000500 does not fit in 64 bits"* ]]
}

@test "is_prime agrees with factor(1) below 2000" {
    seq 2 2000 | factor | awk '{ print NF == 2 ? "true" : "false" }' \
        > "$BATS_TEST_TMPDIR/want"
    seq 2 2000 | sopool map math.is_prime > "$BATS_TEST_TMPDIR/got"
    cmp "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

@test "is_prime knows numbers that fool weaker tests" {
    run sopool map math.is_prime <<< $'0\n1\n2\n3215031751\n3825123056546413051
18446744073709551557\n18446744073709551615\n341550071728321'
    [ "$status" -eq 0 ]
    [ "$(echo "$output" | tr '\n' ' ')" = \
        "false false true false false true false false " ]
}

@test "factor agrees with factor(1)" {
    { seq 1 500; echo 18446744073709551615; echo 18446744073709551557
      echo 9223372036854775808; echo 4295098369; echo 1000000016000000063
    } > "$BATS_TEST_TMPDIR/numbers"
    sopool map math.factor "$BATS_TEST_TMPDIR/numbers" |
        tr -d '[]' | tr ',' ' ' > "$BATS_TEST_TMPDIR/got"
    factor < "$BATS_TEST_TMPDIR/numbers" | sed 's/^[^:]*: *//' \
        > "$BATS_TEST_TMPDIR/want"
    cmp "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
    run sopool apply math.factor 0
    [ "$status" -eq 1 ]
}

@test "estimate_pi comes near, and the same again with the same seed" {
    first=$(sopool apply math.estimate_pi 1000000 7)
    [ "$first" = "$(sopool apply math.estimate_pi 1000000 7)" ]
    [ "$first" != "$(sopool apply math.estimate_pi 1000000 8)" ]
    [[ "$first" == 3.1[34]* ]]
    run sopool apply math.estimate_pi 0 1
    [ "$status" -eq 1 ]
}

@test "mandelbrot gives rows" {
    run sopool apply math.mandelbrot 5 11 11 100
    [ "$status" -eq 0 ]
    [ "$(echo "$output" | tr ',' '\n' | wc -l)" -eq 11 ]
    want=$(/usr/bin/python3 - <<'PY'
def escape(c):
    z, n = 0j, 0
    while n < 100 and z.real * z.real + z.imag * z.imag <= 4:
        z, n = z * z + c, n + 1
    return n
print([escape(complex(-2 + 2.6 * (i + .5) / 11, -1.3 + 2.6 * 5.5 / 11))
       for i in range(11)])
PY
)
    [ "$(echo "$output" | tr -d ' ')" = "$(echo "$want" | tr -d ' ')" ]
    run sopool apply math.mandelbrot 11 11 11 100
    [ "$status" -eq 1 ]
}
