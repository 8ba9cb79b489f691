#!/usr/bin/env bats
# What sopool map, starmap and apply do with results: --output, --tag,
# --results, and how typed values are shown.

load helper

in=$BATS_TEST_TMPDIR/in
dir=$BATS_TEST_TMPDIR/results

says() {
    local output=$stderr
    has "$@"
}

# ---- CSV

@test "a scalar is the column result" {
    run sopool map --output csv math.square <<<$'3\n4'
    ends 0
    is $'result\n9\n16'
    run sopool apply --output csv math.square 5
    ends 0
    is $'result\n25'
}

@test "the keys of maps are columns" {
    run faults map --input json --output csv faults.echo \
        <<<$'{"name":"a","n":1}\n{"n":2,"name":"b, c"}\n{"name":"d"}\n{}\n{"n":null,"name":""}'
    ends 0
    is 'n,name
1,a
2,"b, c"
,d
,
,""'
}

@test "a key without a column fails that result" {
    run --separate-stderr faults map --input json --output csv faults.echo \
        <<<$'{"a":1}\n{"b":2}\n{"a":3,"b":4}\n7\n{"a":5}'
    ends 1
    is $'a\n1\n5'
    says "stdin:2: faults.echo({\"b\":2}): the result has the key 'b', for which the CSV has no column: they are those of the first result; --output json has a place for all" \
        "stdin:3: " "stdin:4: faults.echo(7): the result is no map, as the first was that gave the CSV its columns; --output json has a place for both"
}

@test "cells are quoted where they must be" {
    printf '%s\n' '"a,b"' '"a\"b"' '"a\nb"' '"a\rb"' '""' 'null' '" a "' \
        '[1,"x"]' '{"k":"v"}' 'true' '1.5' '-7' '{"base64":"AAH/"}' >"$in"
    run faults map --input json --output csv faults.echo "$in"
    ends 0
    is $'result\n"a,b"\n"a""b"\n"a\nb"\n"a\rb"\n""\n""\n a \n"[1,""x""]"\n"{""k"":""v""}"\ntrue\n1.5\n-7\nAAH/'
}

@test "python reads the CSV that comes out as what went in" {
    python3 - "$in" <<'END'
import json, random, sys
random.seed(3)
pick = lambda: "".join(random.choice('ab,"\n\r\u00e9 ') for _ in range(random.randint(0, 9)))
with open(sys.argv[1], "w") as f:
    for _ in range(3000):
        print(json.dumps({"a": pick(), "bb": [pick(), pick()], "c": pick()}), file=f)
END
    faults map --input json --output csv faults.echo "$in" >"$out"
    python3 - "$in" "$out" <<'END'
import csv, json, sys
want = [json.loads(line) for line in open(sys.argv[1])]
got = list(csv.DictReader(open(sys.argv[2], newline="")))
for row in got:
    row["bb"] = json.loads(row["bb"])
assert got == want
END
}

@test "a table without rows has its header if it is known" {
    run sopool map --output csv math.square </dev/null
    ends 0
    is result
    run sopool map --output csv --tag math.square </dev/null
    is input,result
    run --separate-stderr faults map --output csv faults.echo </dev/null
    ends 0
    is ""
}

@test "what comes out of one run goes into the next" {
    run bash -c 'seq 3 | sopool map --output csv math.square |
        sed 1s/result/x/ | sopool map --input csv math.square'
    ends 0
    is $'1\n16\n81'
}

# ---- raw and CBOR

@test "raw results have nothing between them" {
    sopool map --output raw math.square <<<$'3\n4' >"$out"
    cmp "$out" <(printf 916)
    head -c 100000 /dev/urandom >"$in"
    faults map --each-file --output raw faults.copy "$in" >"$out"
    cmp "$in" "$out"
    faults apply --output raw faults.print x 2>"$err" >"$out"
    cmp "$out" <(printf x)
}

@test "CBOR is a sequence of items, failures are told alone" {
    run bash -c "sopool map --output cbor math.factor 2>'$err' <<<$'12\nx\n7' |
        od -An -tx1"
    ends 0
    is ' 83 02 02 03 81 07'
    grep -q "stdin:2: math.factor" "$err"
    run bash -c "sopool apply --output cbor math.square 16 | od -An -tx1"
    is ' 19 01 00'
}

# ---- --tag

@test "--tag puts the input beside its result" {
    run sopool map --tag math.square <<<$'3\n4'
    ends 0
    is $'3\t9\n4\t16'
    run sopool map --tag --output json math.square <<<$'3\nx'
    ends 1
    [ "${lines[0]}" = '{"input":"3","result":9}' ]
    [[ ${lines[1]} == '{"input":"x","error":{'* ]]
    run sopool map --tag --output csv --input csv math.square <<<$'x,"y"\n3,"a"'
    is $'sopool: stdin:1:3: not used, as math.square has no such parameter: \'y\'\ninput,result\n"3,""a""",9'
    run faults map --tag --input json --output csv faults.echo <<<$'{"a":1}\n{"a":null}'
    is $'input,a\n"{""a"":1}",1\n"{""a"":null}",'
}

@test "--tag has inputs of any length, in any order" {
    local long
    long=$(head -c 3000 /dev/zero | tr '\0' a)
    printf '%s\n' "$long" b >"$in"
    run faults map --tag faults.size "$in"
    ends 0
    is "$long"$'\t3000\nb\t1'
    seq 20000 | sopool map -j 2 --unordered --tag math.square | sort -n >"$out"
    cmp "$out" <(seq 20000 | awk '{ printf "%d\t%d\n", $1, $1 * $1 }')
}

@test "--tag is the path of a file" {
    printf abc >"$in"
    run sopool map --tag --each-file text.count "$in"
    ends 0
    is "$in"$'\t{"bytes":3,"lines":0,"words":1}'
}

@test "--tag has no place in raw and CBOR" {
    run sopool map --tag --output raw math.square <<<1
    ends 2
    has "--tag has no place in --output raw and cbor; allowed: text, json, csv"
}

# ---- --results

@test "--results makes a file for each call" {
    run --separate-stderr sopool map --results "$dir" math.square <<<$'3\nx\n5'
    ends 1
    is ""
    says "stdin:2: math.square"
    run ls -A "$dir"
    is $'000000001\n000000002.err\n000000003'
    cmp "$dir/000000001" <(echo 9)
    cmp "$dir/000000003" <(echo 25)
    grep -q "'x' is not an i64" "$dir/000000002.err"
    # What a run before has left goes.
    run --separate-stderr sopool map --results "$dir" math.square <<<$'x\n4\n5'
    run ls -A "$dir"
    is $'000000001.err\n000000002\n000000003'
}

@test "--results has results in the form that --output says" {
    sopool map --results "$dir" --output raw math.square <<<3
    cmp "$dir/000000001" <(printf 9)
    sopool map --results "$dir" --output csv --tag math.square <<<$'3\n4'
    cmp "$dir/000000002" <(printf 'input,result\n4,16\n')
    run sopool map --results "$dir" --output json math.square <<<x
    ends 1
    is ""
    run cat "$dir/000000001.err"
    [[ $output == '{"error":{"code":"arguments",'* ]]
    sopool map --unordered --results "$dir" --output cbor math.square \
        <<<$'1\n2\n3\n4'
    cmp "$dir/000000004" <(printf '\x10')
}

@test "--results has the number of the input, also where a run goes on" {
    sopool map --joblog "$in.log" --results "$dir" math.square <<<$'2\n4'
    sopool map --joblog "$in.log" --resume --results "$dir" math.square \
        <<<$'2\n4\n6\n4\n7' 2>"$err"
    run grep -r . "$dir"
    [ "${#lines[@]}" -eq 5 ]
    cmp "$dir/000000003" <(echo 36)
    cmp "$dir/000000004" <(echo 16)
    cmp "$dir/000000005" <(echo 49)
}

@test "--results that cannot be written is told" {
    run sopool map --results "$BATS_TEST_FILENAME" math.square <<<3
    ends 2
    has "--results: cannot write in '$BATS_TEST_FILENAME': Not a directory"
    run sopool map --results "$dir/a/b" math.square <<<3
    ends 2
    has "--results: cannot write in '$dir/a/b': No such file or directory"
}

@test "a file that cannot be written ends the run, and leaves nothing of it" {
    mkdir "$dir"
    ln -s /dev/full "$dir/.000000002"
    run sopool map -j 1 --results "$dir" math.square <<<$'1\n2\n3'
    ends 1
    has "cannot write results in '$dir': No space left on device"
    run ls -A "$dir"
    is 000000001
}

# ---- values

@test "floats have the fewest digits that read back as the same" {
    python3 - "$in" <<'END'
import random, struct, sys
random.seed(5)
with open(sys.argv[1], "w") as f:
    for x in [0.1, 1/3, 1e23, 5e-324, 1.7976931348623157e308, 2**53 + 0.0, 100.0]:
        print(repr(x), file=f)
    for _ in range(3000):
        x = struct.unpack("d", random.randbytes(8))[0]
        if x == x and abs(x) != float("inf"):
            print(repr(x), file=f)
END
    faults map --input json faults.echo "$in" >"$out"
    python3 - "$in" "$out" <<'END'
import sys
want = [line.strip() for line in open(sys.argv[1])]
got = [line.strip() for line in open(sys.argv[2])]
assert [float(x) for x in got] == [float(x) for x in want]
digits = lambda text: len(text.lstrip("-").split("e")[0].replace(".", "").strip("0"))
assert all(digits(g) <= digits(w) for g, w in zip(got, want))
END
}

@test "an unknown format is told with those that there are" {
    run sopool map --output xml math.square <<<1
    ends 2
    is "sopool: --output: 'xml' is not right; allowed: text, json, csv, raw, cbor"
    run sopool apply --output tsv math.square 1
    ends 2
    has "allowed: text, json, csv, raw, cbor"
}
