#!/usr/bin/env bats
# Text and JSON to values, and back.

load helper

# echoes JSON [AS]: does the value come back, or as the other text?
echoes() {
    run faults apply --output json faults.echo "$1"
    ends 0
    is "{\"result\":${2-$1}}"
}

# refuses JSON WHAT: is it refused, for what reason?
refuses() {
    run faults apply faults.echo "$1"
    ends 1
    has "$2"
}

@test "JSON values come back as they went" {
    echoes null
    echoes true
    echoes false
    echoes 0
    echoes -1
    echoes 9223372036854775808
    echoes 18446744073709551615
    echoes -9223372036854775808
    echoes 1.5
    echoes 0.1
    echoes 1e+300
    echoes 5e-324
    echoes 1.0
    echoes -0.0
    echoes '""'
    echoes '"grün ☃ 𝄞"'
    echoes '[]'
    echoes '{}'
    echoes '[[],{},[[]],{"a":{}}]'
    echoes '[1,[2,[3,{"k":[4]}]],5]'
    echoes '{"a":1,"b":[true,null]}'
}

@test "JSON is written compactly and in one form" {
    echoes ' [ 1 , 2.50 ,	"a" ] ' '[1,2.5,"a"]'
    echoes '{"bb":1,"a":2,"ab":3}' '{"a":2,"ab":3,"bb":1}'
    echoes '"\u0041\/\u00e9\ud834\udd1e"' '"A/é𝄞"'
    echoes '"\ud837\udd1e\uDBFF\uDFFF\\ud834"' \
        '"'$'\xf0\x9d\xb4\x9e\xf4\x8f\xbf\xbf''\\ud834"'
    echoes '"\"\\\b\f\n\r\t\u0001\u007f\u0000"' \
        '"\"\\\b\f\n\r\t\u0001\u007f\u0000"'
    echoes 1e2 100.0
    echoes -0 0
}

@test "bytes are base64 in JSON" {
    echoes '{"base64":""}'
    echoes '{"base64":"AA=="}'
    echoes '{"base64":"AAE="}'
    echoes '{"base64":"AAEC"}'
    echoes '[{"base64":"/+8="}]'
    echoes '{"base64":"AA"}' '{"base64":"AA=="}'
    echoes '{"base64":7}'
    echoes '{"more":1,"base64":"A"}'
    refuses '{"base64":"A"}' "has bytes that are not base64"
    refuses '{"base64":"A==="}' "has bytes that are not base64"
    refuses '{"base64":"AB=="}' "has bytes that are not base64"
    refuses '{"base64":"AA=A"}' "has bytes that are not base64"
    refuses '{"base64":"A A="}' "has bytes that are not base64"
}

@test "long bytes are the same as base64 has them" {
    head -c 100003 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
    printf '{"base64":"%s"}\n' "$(base64 -w 0 "$BATS_TEST_TMPDIR/bytes")" \
        >"$BATS_TEST_TMPDIR/in"
    faults map faults.echo "$BATS_TEST_TMPDIR/in" >"$out"
    cmp "$out" <(cat "$BATS_TEST_TMPDIR/bytes" && echo)
    faults map --output json faults.echo "$BATS_TEST_TMPDIR/in" >"$out"
    cmp "$out" <(printf '{"result":%s}\n' "$(cat "$BATS_TEST_TMPDIR/in")")
}

@test "what JSON forbids or leaves open is refused" {
    refuses '' "is not JSON: it is empty"
    refuses '[1' "is not JSON: it ends too early"
    refuses '[1,]' "at column 4"
    refuses '[1] 2' "at column 5"
    refuses "'a'" "at column 1"
    refuses NaN "is not JSON"
    refuses Infinity "is not JSON"
    refuses 01 "is not JSON"
    refuses 1. "a number that JSON writes otherwise at column 1"
    refuses '[1, 00]' "a number that JSON writes otherwise at column 5"
    refuses -.5 "a number that JSON writes otherwise"
    refuses -01 "a number that JSON writes otherwise"
    refuses '[0, 18446744073709551616]' "too large for 64 bits at column 5"
    refuses -9223372036854775809 "too large for 64 bits"
    refuses 1e400 "too large for 64 bits"
    refuses '{"a":1,"b":{"c":1,"c":2}}' "has an object with a key twice"
    refuses '{"a":1,"a":1}' "has an object with a key twice"
    refuses '{"a\u0000":1}' "a key with a NUL in it"
    refuses '"\ud834"' "half a surrogate pair at column 2"
    refuses '"\udd1e"' "half a surrogate pair"
    refuses $'"\x01"' "a control character within a string at column 2"
    refuses $'"\xff"' "is not JSON"
    refuses $'"\xed\xa0\x80"' "is not JSON"
    refuses '/* */ 1' "is not JSON"
}

@test "what is wrong in one input does not reach the next" {
    run --separate-stderr faults map faults.echo \
        <<<$'"\\ud834"\n"\\u0041"\n["\\ud834\n"\\u0042"'
    ends 1
    is $'A\nB'
}

@test "nesting has a limit" {
    local deep
    deep=$(printf '[%.0s' {1..31})$(printf ']%.0s' {1..31})
    echoes "$deep"
    deep=$(printf '[%.0s' {1..40})$(printf ']%.0s' {1..40})
    refuses "$deep" "nested too deeply"
    deep=$(head -c 100000 /dev/zero | tr '\0' '[')
    refuses "$deep" "nested too deeply"
}

@test "the types of JSON arguments are those of the signature" {
    run sopool apply --input json math.square 3.0
    ends 1
    has "3.0 is not an i64"
    run sopool apply --input json math.square 9223372036854775808
    ends 1
    has "is not an i64"
    run sopool apply --input json math.square null
    ends 1
    has "null is not an i64"
    run faults apply --input json faults.nap -1
    ends 1
    has "-1 is not a u64"
    run faults apply --input json faults.print 7
    ends 1
    has "7 is not a str"
    run faults apply --input json faults.size '{"base64":"AAEC"}'
    is 3
    run faults apply --input json faults.size '"grün"'
    is 5
    run faults apply --input json faults.size '[1]'
    ends 1
    has "[1] is not bytes"
}

@test "numbers from text" {
    run sopool apply math.square 0x10
    is 256
    run sopool apply math.square +4
    is 16
    run sopool map math.square <<<$' 4\n4 \n4.0\n-\n1e3\n\n5'
    ends 1
    [ "${lines[-1]}" = 25 ]
}

@test "text for bytes is any bytes, text for a str is UTF-8" {
    run bash -c "printf '\377\0\1\n' | sopool map hash.sha512"
    ends 0
    is "$(printf '\377\0\1' | sha512sum | cut -d ' ' -f 1)"
    printf 'good\nb\377d\n' >"$BATS_TEST_TMPDIR/in"
    run --separate-stderr faults map --output json faults.print \
        "$BATS_TEST_TMPDIR/in"
    ends 1
    [ "${lines[0]}" = '{"result":"good"}' ]
    [[ ${lines[1]} == *"not UTF-8 from its byte 2 on"* ]]
}

@test "results as text" {
    run faults apply faults.echo null
    is ""
    run faults apply faults.echo true
    is true
    run faults apply faults.echo -18
    is -18
    run faults apply faults.echo 0.1
    is 0.1
    run faults apply faults.echo 100.0
    is 100
    run faults apply faults.echo '"a\nb"'
    is $'a\nb'
    run faults apply faults.echo '[1,"a",{"k":null}]'
    is '[1,"a",{"k":null}]'
    run faults apply faults.numbers 5
    is '[0,1,2,3,4]'
    faults apply faults.echo '{"base64":"AP8K"}' >"$out"
    cmp "$out" <(printf '\000\377\n\n')
}

@test "doubles are written with the digits that they need" {
    python3 - >"$BATS_TEST_TMPDIR/in" <<'END'
import random, struct
random.seed(5)
for i in range(3000):
    x = struct.unpack("d", random.randbytes(8))[0]
    if x == x and abs(x) != float("inf"):
        print(repr(x))
END
    faults map --output json faults.echo "$BATS_TEST_TMPDIR/in" >"$out"
    python3 - "$BATS_TEST_TMPDIR/in" "$out" <<'END'
import json, sys
with open(sys.argv[1]) as a, open(sys.argv[2]) as b:
    for x, y in zip(a, b, strict=True):
        assert float(x) == json.loads(y)["result"], (x, y)
        assert len(y) <= len(x) + len('{"result":}') + 3, (x, y)
END
}
