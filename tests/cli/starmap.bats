#!/usr/bin/env bats
# sopool starmap: each line is a JSON array of arguments.

load helper

@test "several arguments" {
    local file=$BATS_TEST_TMPDIR/record
    printf '["%s", %d]\n' "$file" 7 "$file" 8 "$file" 9 >"$BATS_TEST_TMPDIR/in"
    run faults starmap -j 1 faults.record "$BATS_TEST_TMPDIR/in"
    ends 0
    is $'7\n8\n9'
    run cat "$file"
    is $'7\n8\n9'
}

@test "one argument, or none" {
    run sopool starmap math.square <<<'[12]'
    ends 0
    is 144
    run faults starmap -j 1 faults.initialized <<<$'[]\n[]'
    ends 0
    [ "${#lines[@]}" -eq 2 ]
}

@test "the wrong number of arguments fails that line" {
    run --separate-stderr sopool starmap math.square <<<$'[1]\n[1, 2]\n[3]'
    ends 1
    is $'1\n9'
    [[ $stderr == "sopool: stdin:2: math.square([1, 2]): "* ]]
    [[ $stderr == *"there are 2 arguments; math.square takes 1: (x: i64) -> i64" ]]
}

@test "the wrong type fails that line, and names the argument" {
    run --separate-stderr faults starmap faults.record <<<'["/x", -1]'
    ends 1
    [[ $stderr == *": column 8: argument 2 (x): -1 is not a u64"*"; signature: ("* ]]
}

@test "what is no array fails that line" {
    run --separate-stderr sopool starmap math.square <<<$'7\n[2\n\n[3]'
    ends 1
    is 9
    [[ $stderr == *"stdin:1: "*"7 is not a JSON array of arguments"* ]]
    [[ $stderr == *"stdin:2: "*"is not JSON: it ends too early"* ]]
    [[ $stderr == *"stdin:3: "*"is not JSON: it is empty"* ]]
}

@test "--output json stays aligned" {
    run sopool starmap --output json math.square <<<$'[1]\n[]\n[3]'
    ends 1
    [ "${lines[0]}" = '{"result":1}' ]
    [[ ${lines[1]} == '{"error":{"code":"arguments",'* ]]
    [ "${lines[2]}" = '{"result":9}' ]
}

@test "its input is JSON alone" {
    run sopool starmap --input json math.square <<<'[5]'
    is 25
    run sopool starmap --input text math.square <<<'[5]'
    ends 2
    has "reads JSON arrays"
}

@test "-0: arrays may stand on several lines" {
    run bash -c "printf '[\n3\n]\0[4]\0' | sopool starmap -0 math.square"
    ends 0
    is $'9\n16'
}
