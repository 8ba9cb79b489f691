#!/usr/bin/env bats
# What sopool map, starmap and apply take their arguments from: tables, JSON
# lines, whole files, --arg.

load helper

in=$BATS_TEST_TMPDIR/in

# says TEXT...: fails unless standard error contains each text.
says() {
    local output=$stderr
    has "$@"
}

# ---- tables

@test "columns of CSV are the parameters of their names" {
    printf 'seed,samples\n1,100\n2,1000\n' >"$in"
    run sopool starmap --input csv math.estimate_pi "$in"
    ends 0
    is "$(sopool starmap math.estimate_pi <<<$'[100, 1]\n[1000, 2]')"
}

@test "map takes tables too" {
    run sopool map --input csv math.square <<<$'x\n3\n4'
    ends 0
    is $'9\n16'
    run sopool map --input csv math.estimate_pi <<<$'seed,samples\n1,100'
    ends 0
}

@test "quoted fields have separators, newlines and quotes" {
    printf '%s\n' line '"a,b"' '"a' 'b"' '"say ""hi"""' '""' '"a""' '""b"' \
        '""""' 'plain' >"$in"
    run --separate-stderr faults starmap --input csv --output json \
        faults.print "$in"
    ends 0
    is '{"result":"a,b"}
{"result":"a\nb"}
{"result":"say \"hi\""}
{"result":""}
{"result":"a\"\n\"b"}
{"result":"\""}
{"result":"plain"}'
}

@test "lines of CSV may end as on other systems, and begin with a mark" {
    printf '\xef\xbb\xbfx\r\n3\r\n"4"\r\n\r\n5' >"$in"
    run sopool map --input csv math.square "$in"
    ends 0
    is $'9\n16\n25'
    # Within quotes they stay.
    printf 'line\r\n"a\r\nb"\r\n' >"$in"
    run --separate-stderr faults map --input csv --output json faults.print "$in"
    is '{"result":"a\r\nb"}'
}

@test "TSV is the same with tabs, and a quote within a field is one" {
    printf 'samples\tseed\n100\t1\n' >"$in"
    run sopool starmap --input tsv math.estimate_pi "$in"
    ends 0
    printf 'line\tother\n5" pipe, long\t1\n"a\tb"\t2\n' >"$in"
    run --separate-stderr faults map --input tsv faults.print "$in"
    ends 0
    is $'5" pipe, long\na\tb'
}

@test "python reads the same tables" {
    python3 - "$in" <<'END'
import csv, random, sys
random.seed(7)
pick = lambda: "".join(random.choice('ab,"\n\t ') for _ in range(random.randint(0, 12)))
with open(sys.argv[1], "w", newline="") as f, \
     open(sys.argv[1] + ".json", "w") as g:
    import json
    table = csv.writer(f)
    table.writerow(["other", "value"])
    for _ in range(5000):
        text = pick()
        table.writerow([pick(), json.dumps(text)])
        print(json.dumps({"result": text}, separators=(",", ":")), file=g)
END
    faults map --input csv --output json faults.echo "$in" >"$out" 2>"$err"
    cmp "$out" "$in.json"
}

@test "each table has its own header" {
    printf 'samples,seed\n100,1\n' >"$in"
    printf 'seed,samples\n1,100\n' >"$in.2"
    run sopool starmap --input csv math.estimate_pi "$in" "$in.2"
    ends 0
    [ "${lines[0]}" = "${lines[1]}" ]
}

@test "columns that are no parameters are told of once" {
    printf 'name,x,"the ""age"""\na,3,4\nb,5,6\n' >"$in"
    run --separate-stderr sopool map --input csv math.square "$in"
    ends 0
    is $'9\n25'
    [ "$stderr" = "sopool: $in:1:1: not used, as math.square has no such parameter: 'name', 'the \"age\"'" ]
}

@test "a column that is missing is told with the nearest" {
    printf 'name,sample,seed\na,3,4\n' >"$in"
    run --separate-stderr sopool starmap --input csv math.estimate_pi "$in"
    ends 1
    is ""
    [ "$stderr" = "sopool: $in:1:6: no column is called 'samples' (is it 'sample'?); give it in the header, or with --arg samples=VALUE: math.estimate_pi(samples: u64, seed: u64) -> f64" ]
    # The next file may be better.
    printf 'x\n3\n' >"$in.2"
    run --separate-stderr sopool map --input csv math.square "$in" "$in.2"
    ends 1
    is 9
    says "$in:1:1: no column is called 'x' (the header is 'name,sample,seed'); give it in the header, or with --arg x=VALUE: math.square(x: i64) -> i64"
}

@test "a column that stands twice, or is given, is told" {
    run sopool map --input csv math.square <<<$'x,y,x\n1,2,3'
    ends 1
    has "stdin:1:5: a second column is called 'x'; allowed: one"
    run sopool starmap --input csv --arg seed=1 math.estimate_pi <<<$'samples,seed\n1,2'
    ends 1
    has "stdin:1:9: the column 'seed' is there, and --arg gives seed too; allowed: one of them"
}

@test "a header that is no good is told" {
    run sopool map --input csv math.square <<<$'x,a"b\n3,4'
    ends 1
    is "sopool: stdin:1:4: a quote stands in a field that does not begin with one; put the field in quotes, and each quote in it twice"
}

@test "a row that is wrong fails alone, with its line and column" {
    printf '%s\n' 'samples,seed' '1,2,3' '100' '100,x' '"1' '0",3' '5,a"b' \
        '5,"a"b' '100,1' >"$in"
    run --separate-stderr sopool starmap --input csv math.estimate_pi "$in"
    ends 1
    is "$(sopool starmap math.estimate_pi <<<'[100, 1]')"
    says "$in:2:5: math.estimate_pi(1,2,3): the row has 3 fields, the header has 2; here is the first too many" \
        "$in:3:1: math.estimate_pi(100): the row has 1 field, the header has 2; here is the last" \
        "$in:4:5: math.estimate_pi(100,x): argument 2 (seed): 'x' is not a u64" \
        "$in:5:1: math.estimate_pi(\"1\\n0\",3): argument 1 (samples): " \
        "$in:7:4: math.estimate_pi(5,a\"b): a quote stands in a field that does not begin with one" \
        "$in:8:6: math.estimate_pi(5,\"a\"b): something stands behind a quote that ends a field"
}

@test "a column of what is wrong is that of its own line" {
    printf 'samples,seed\n5,7\n"1\n",x\n' >"$in"
    run --separate-stderr sopool starmap --input csv --unordered math.estimate_pi "$in"
    ends 1
    says "$in:3:1: "
    printf 'line,x\n"a\nb",2,3\n' >"$in"
    run --separate-stderr faults map --input csv faults.print "$in"
    ends 1
    says "$in:3:6: "
}

@test "a quote that nothing ends is told where it begins" {
    printf 'x\n3\n"4\n5\n' >"$in"
    run --separate-stderr sopool map --input csv math.square "$in"
    ends 1
    is 9
    says "$in:3:1: " "a field begins with a quote that nothing ends"
}

@test "an empty table, and one with a header alone, have no rows" {
    run sopool map --input csv math.square </dev/null
    ends 0
    is ""
    run sopool map --input csv math.square <<<x
    ends 0
    is ""
}

@test "lists and maps in a cell are JSON" {
    printf 'list\n"[1,2,3]"\n[]\n' >"$in"
    run faults map --input csv faults.items "$in"
    ends 0
    is $'3\n0'
}

@test "a long field, and one of many lines" {
    { echo data; head -c 1000000 /dev/zero | tr '\0' a; echo
      echo "\"$(seq 100000)\""; } >"$in"
    run faults map --input csv faults.size "$in"
    ends 0
    is $'1000000\n588894'
}

@test "-0 is not for tables" {
    run sopool map -0 --input csv math.square "$BATS_TEST_FILENAME"
    ends 2
    has "-0 is for lines; rows of --input csv and tsv end with a newline"
}

# ---- JSON lines

@test "an object has arguments by their names" {
    run sopool starmap --input jsonl math.estimate_pi \
        <<<$'{"seed": 1, "samples": 100}\n[100, 1]\n{"samples":100,"seed":1,"more":{"a":[{"b":1}]}}'
    ends 0
    [ "${#lines[@]}" -eq 3 ]
    [ "${lines[0]}" = "${lines[1]}" ]
    [ "${lines[0]}" = "${lines[2]}" ]
}

@test "map takes a value, or an object where the value can be none" {
    run sopool map --input jsonl math.square <<<$'3\n{"x": 4}\n{"x": 5, "y": 6}'
    ends 0
    is $'9\n16\n25'
    # A map is itself.
    run faults map --input jsonl faults.echo <<<'{"value":7}'
    is '{"value":7}'
    # So are bytes.
    run faults map --input jsonl faults.size <<<$'{"base64":"AAAA"}\n{"data":"ab"}'
    is $'3\n2'
}

@test "what is missing in an object is told with the nearest" {
    run --separate-stderr sopool starmap math.estimate_pi \
        <<<$'{"samples":1}\n{"samples":1,"sed":{"x":2}}\n{"samples":1,"seed":2}'
    ends 1
    [ "${#lines[@]}" -eq 1 ]
    says 'stdin:1: ' 'the object has no "seed": math.estimate_pi(samples: u64, seed: u64) -> f64' \
        'stdin:2: ' 'the object has no "seed"; is it meant by "sed"? math.estimate_pi('
}

@test "an object with a key twice is refused, also where it is not used" {
    run sopool map --input json math.square <<<$'{"x":1,"x":2}\n{"x":1,"y":[{"z":1,"z":2}]}'
    ends 1
    [ "${#lines[@]}" -eq 2 ]
    [[ ${lines[0]} == *"has an object with a key twice" ]]
    [[ ${lines[1]} == *"has an object with a key twice" ]]
}

# ---- arguments that are always the same

@test "--arg gives a parameter, map the one that is left" {
    run sopool map --arg seed=1 math.estimate_pi <<<$'100\n1000'
    ends 0
    is "$(sopool starmap math.estimate_pi <<<$'[100, 1]\n[1000, 1]')"
    run sopool map --arg samples=100 --input json math.estimate_pi <<<1
    ends 0
    is "$(sopool starmap math.estimate_pi <<<'[100, 1]')"
}

@test "--arg with starmap, tables and apply" {
    run sopool starmap --arg samples=100 math.estimate_pi <<<$'[1]\n{"seed":1}'
    ends 0
    [ "${lines[0]}" = "${lines[1]}" ]
    run sopool starmap --arg samples=100 --input csv math.estimate_pi <<<$'seed\n1'
    is "${lines[0]}"
    run sopool apply --arg samples=100 math.estimate_pi 1
    is "${lines[0]}"
    run sopool apply --arg samples=100 --arg seed=1 math.estimate_pi
    is "${lines[0]}"
}

@test "--arg takes text, bytes and JSON as the signature asks" {
    run faults map --arg path=a=b faults.placed_after <<<x
    ends 2
    run faults apply --arg 'value={"a":[1,2.5,null]}' faults.echo
    ends 0
    is '{"a":[1,2.5,null]}'
    run faults apply --arg data=a=b faults.size
    is 3
    run faults apply --arg data= faults.size
    is 0
    run faults starmap --arg 'first=[1,2]' --arg second=-7 faults.placed_after <<<'["x"]'
    ends 0
    run faults map --arg 'first=[1,2]' --arg second=-7 faults.placed_after <<<x
    ends 0
}

@test "an --arg that is wrong is told before anything runs" {
    run sopool map --arg sed=1 math.estimate_pi <<<1
    ends 2
    is "sopool: --arg: math.estimate_pi has no parameter 'sed'; did you mean 'seed'?: (samples: u64, seed: u64) -> f64"
    run sopool map --arg zzzzzz=1 math.estimate_pi <<<1
    ends 2
    is "sopool: --arg: math.estimate_pi has no parameter 'zzzzzz': (samples: u64, seed: u64) -> f64"
    run sopool map --arg seed=x math.estimate_pi <<<1
    ends 2
    is "sopool: --arg: argument 2 (seed): 'x' is not a u64; allowed: a whole number that is not negative; signature: (samples: u64, seed: u64) -> f64"
    run sopool map --arg seed=1 --arg seed=2 math.estimate_pi <<<1
    ends 2
    is "sopool: --arg seed is given twice; allowed: one value"
    run sopool map --arg seed math.estimate_pi <<<1
    ends 2
    has "--arg: 'seed' is not right; allowed: NAME=VALUE, a parameter of the task and its value"
    run sopool map --arg =1 math.estimate_pi <<<1
    ends 2
}

@test "what --arg leaves must be what the input gives" {
    run sopool map --arg x=1 math.square <<<1
    ends 2
    is "sopool: no parameter of math.square is left for the inputs: --arg gives all of (x: i64) -> i64"
    run sopool map math.estimate_pi <<<1
    ends 2
    has "math.estimate_pi takes 2 arguments: (samples: u64, seed: u64) -> f64; use starmap" \
        "--input csv, or --arg NAME=VALUE"
    run sopool apply --arg seed=1 math.estimate_pi 1 2
    ends 2
    has "math.estimate_pi takes 1 argument besides those of --arg, not 2: (samples: u64, seed: u64) -> f64"
    run --separate-stderr sopool starmap --arg seed=1 math.estimate_pi <<<$'[1, 2]\n{"samples":1,"seed":2}'
    ends 1
    says "there are 2 arguments; math.estimate_pi takes 1 besides those of --arg: (samples: u64, seed: u64) -> f64" \
        'the object has "seed", which --arg gives too; allowed: one of them'
}

# ---- whole files

@test "a call for each file, with its path or its contents" {
    mkdir "$in"
    printf abc >"$in/a"
    : >"$in/b c"
    head -c 3000000 /dev/urandom >"$in/c"
    run sopool map --each-file hash.sha256 "$in"/*
    ends 0
    is "$(sha256sum "$in"/* | cut -d ' ' -f 1)"
    run sopool map --each-file hash.sha256_file "$in"/*
    ends 0
    is "$(sha256sum "$in"/* | cut -d ' ' -f 1)"
    run sopool starmap --each-file --arg pattern=b text.matches "$in/a"
    ends 0
    is 1
}

@test "the names of files come from lines too" {
    mkdir "$in"
    printf abc >"$in/a"
    printf x >"$in/b"$'\n'"c"
    run sopool map --each-file hash.sha256 <<<"$in/a"
    is "$(sha256sum <"$in/a" | cut -d ' ' -f 1)"
    run bash -c 'find "$1" -type f -print0 | sort -z |
        sopool map -0 --each-file hash.sha256 -' - "$in"
    ends 0
    is "$(cat "$in/a" | sha256sum | cut -d ' ' -f 1)
$(cat "$in/b"* | sha256sum | cut -d ' ' -f 1)"
}

@test "a file that cannot be read fails alone" {
    printf abc >"$in"
    run --separate-stderr sopool map --each-file hash.sha256 "$in.no" "$in" \
        "$BATS_TEST_TMPDIR" ''
    ends 1
    is "$(sha256sum <"$in" | cut -d ' ' -f 1)"
    says "sopool: $in.no: hash.sha256(" "cannot read '$in.no': No such file or directory" \
        "sopool: $BATS_TEST_TMPDIR: hash.sha256(" \
        "'$BATS_TEST_TMPDIR' is a folder; give the files in it, as FOLDER/* or by find FOLDER -type f -print0 | sopool map -0 --each-file TASK" \
        "a file's name is empty"
    # The same where the task would read it.
    run --separate-stderr sopool map --each-file hash.sha256_file "$in.no" "$in"
    ends 1
    is "$(sha256sum <"$in" | cut -d ' ' -f 1)"
    run --separate-stderr sopool map -0 --each-file hash.sha256_file \
        < <(printf '%s\0' "$in" "$in.no")
    ends 1
    says "sopool: stdin: item 2: hash.sha256_file(" "cannot read '$in.no'"
    printf 'a\0b\n' | { run --separate-stderr sopool map --each-file hash.sha256_file
        ends 1
        says "a file's name has a NUL in it"; }
}

@test "a task that takes no file is refused" {
    run sopool map --each-file math.square "$BATS_TEST_FILENAME"
    ends 2
    is "sopool: --each-file: a parameter is neither str nor bytes; a call is given its file's path as a str, and its contents as bytes; give other parameters with --arg NAME=VALUE: math.square(x: i64) -> i64"
    run sopool map --each-file text.matches "$BATS_TEST_FILENAME"
    ends 2
    has "--each-file: which parameter the file is for is not clear; "
    run sopool map --each-file --arg path=x hash.sha256_file "$BATS_TEST_FILENAME"
    ends 2
    has "--each-file: no parameter is left for a file; "
    run sopool map --each-file --input csv hash.sha256 "$BATS_TEST_FILENAME"
    ends 2
    has "--each-file gives whole files to the task as they are; --input is for files that hold inputs"
}

# ---- without running them

@test "--dry-run shows the calls that inputs of each form make" {
    printf 'seed,samples\n1,100\n1\nx,2\n' >"$in"
    run --separate-stderr sopool starmap --dry-run --input csv math.estimate_pi "$in"
    ends 1
    is 'math.estimate_pi [100,1]'
    says "sopool: $in:3:1: the row has 1 field" "sopool: $in:4:1: argument 2 (seed): "
    run sopool map --dry-run --arg seed=7 math.estimate_pi <<<5
    ends 0
    is 'math.estimate_pi [5,7]'
    printf abc >"$in"
    run --separate-stderr sopool map --dry-run --each-file hash.sha256 "$in" "$in.no"
    ends 1
    is 'hash.sha256 [{"base64":"YWJj"}]'
    says "sopool: $in.no: cannot read '$in.no': No such file or directory"
}

# ---- formats

@test "an unknown format is told with those that there are" {
    run sopool map --input xml math.square <<<1
    ends 2
    is "sopool: --input: 'xml' is not right; allowed: text, json, jsonl, csv, tsv"
    run sopool apply --input csv math.square 1
    ends 2
    is "sopool: --input: 'csv' is not right; allowed: text, json"
    run sopool map --input jso math.square <<<1
    ends 2
    run sopool map --input '' math.square <<<1
    ends 2
}
