#!/usr/bin/env bats
# Tasks in Rust (the crate of sdk/rust), as the command runs them.

load ../cli/helper
load language

target=$BATS_FILE_TMPDIR/target
plugin=rusty
plugins=$target/debug

# build NAME FILE: a plugin of this source, in reach of the command.
build() {
    local project=$BATS_FILE_TMPDIR/$1
    mkdir -p "$project/src"
    cp "$2" "$project/src/lib.rs"
    cat >"$project/Cargo.toml" <<END
[package]
name = "$1"
version = "0.5.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[dependencies]
sopool = { path = "$SOPOOL_TEST_SOURCE/sdk/rust" }
END
    (umask 022 && cd "$project" && CARGO_TARGET_DIR=$target \
        CARGO_PROFILE_DEV_DEBUG=0 RUSTFLAGS="-D warnings" \
        cargo build --offline)
}

usable() {
    cargo --version && rustc --version
}

setup_file() {
    ! usable || build rusty "$SOPOOL_TEST_SOURCE/tests/plugins/rusty.rs"
}

setup() {
    usable || skip "no Rust"
    unset RUST_BACKTRACE # with which a task's panic is printed, too
}

# panics WHY TASK ARGUMENT...: it fails, and says where that was.
panics() {
    local why=$1 task=$2
    shift 2
    run plugged apply "rusty.$task" -- "$@"
    ends 1
    output=$(sed 's/:[0-9]*:[0-9]*: /:AT: /' <<<"$output")
    is "sopool: rusty.$task: panicked at src/lib.rs:AT: $why"
}

# ---- what stands in the file

@test "the signature is made of the function's type, the doc of its comment" {
    run --separate-stderr plugged list rusty
    ends 0
    [ -z "$stderr" ]
    has "rusty.nothing  () -> any " "rusty.yes      (x: bool) -> bool" \
        "rusty.i8       (x: i64) -> i64" "rusty.usize    (x: u64) -> u64" \
        "rusty.f32      (x: f64) -> f64" "rusty.text     (x: str) -> str" \
        "rusty.bytes    (x: bytes) -> bytes" \
        "rusty.blob     (x: bytes) -> bytes" \
        "rusty.pieces   (x: list) -> list" "rusty.map      (x: map) -> map" \
        "rusty.may      (x: any) -> any" "rusty.any      (x: any) -> any" \
        "rusty.half     (x: i64) -> i64 " \
        "rusty.run      (body: str, source: str, task: str) -> str " \
        "rusty.direct   (x: i64) -> i64" "rusty.keyword  (type: i64) -> i64"
    run plugged list rusty.eight
    has "(a: i64, b: u64, c: f64, d: f64, e: i64, f: u64, g: i64, h: u64) -> f64" \
        "The sum of eight. In two paragraphs." "version    0.5.0" \
        "flag       pure: " "flag       idempotent: "
}

@test "a pool can use the file, which exports nothing else" {
    run --separate-stderr sopool inspect "$plugins/librusty.so"
    ends 0
    [ -z "$stderr" ]
    has "name        rusty" "version     0.5.0" "abi         1.1 " \
        "trust       ok"
    [[ $output != *missing* ]]
    command -v nm || skip "no nm"
    run bash -c 'nm -D --defined-only "$1" | cut -d " " -f 3' \
        in_bash "$plugins/librusty.so"
    is sopool_plugin_v1
}

# ---- types

@test "bools and numbers" {
    same yes true false
    same i8 -128 127
    same i16 -32768 32767
    same i32 -2147483648 2147483647
    same i64 -9223372036854775808 9223372036854775807
    same isize -9223372036854775808
    same u8 0 255
    same u16 65535
    same u32 4294967295
    same u64 0 18446744073709551615
    same usize 18446744073709551615
    same f32 -0.5 3.4028234663852886e+38 inf -inf nan
    same f64 0.1 -1e+300 inf nan
}

@test "text and bytes" {
    same owned "" "Grüße"
    same text "" "Grüße"
    same blob "" "abc"
    same bytes "" "abc"
    printf 'a\xffb' >"$BATS_TEST_TMPDIR/in"
    plugged map rusty.bytes "$BATS_TEST_TMPDIR/in" >"$out"
    printf 'a\xffb\n' | cmp - "$out"
    run bash -c 'sopool apply --plugin-path "$1" rusty.repeat abcdefgh 60000 |
        wc -c' in_bash "$plugins"
    is 480001
}

@test "lists and maps, whose keys are sorted" {
    same list '[]' '[1,-2,3]'
    same flags '[true,false]'
    same words '["","ü"]'
    same pieces '[{"base64":"AQI="},{"base64":""}]'
    same map '{}' '{"a":1,"b":-2,"aa":3}'
    gives '{"a":[null],"c":[],"bb":[1.5,null]}' deep \
        '{"c":[],"bb":[1.5,null],"a":[null]}'
}

@test "any" {
    same may 7
    same any 18446744073709551615 -9223372036854775808 0.5 true \
        '[null,{"a":[],"b":{"base64":"/w=="},"aa":{"":-1.0}}]'
    gives -18446744073709551616 wide -1
    for call in "may [null]" "nothing []"; do
        run plugged starmap --output json "rusty.${call% *}" <<<"${call#* }"
        ends 0
        has null
    done
}

@test "numbers are in their shortest form, or the pool refuses them" {
    python3 - >"$BATS_TEST_TMPDIR/in" <<'END'
import random, struct

def recast(number, of, to):
    return struct.unpack(to, struct.pack(of, number))[0]

random.seed(7)
for bits in range(0, 0x7c00, 3):
    half = recast(bits, ">H", ">e")
    near = recast(recast(half, ">d", ">Q") + 1, ">Q", ">d")
    print([half], [-half], [near], sep="\n")
for width in range(64):
    print([(2 << width) - 1], [-(1 << width)], sep="\n")
for _ in range(2000):
    for number in (recast(random.getrandbits(32), ">I", ">f"),
                   recast(random.getrandbits(64), ">Q", ">d")):
        if abs(number) < float("inf"):
            print([number])
END
    plugged map rusty.any <"$BATS_TEST_TMPDIR/in" >"$out"
    python3 - "$BATS_TEST_TMPDIR/in" "$out" <<'END'
import json, sys

before, after = ([repr(json.loads(line)) for line in open(path)]
                 for path in sys.argv[1:])
assert len(before) > 30000 and before == after
END
}

@test "parameters: eight, none, the call among them, names of all kinds" {
    gives 36 eight 1 2 3 4 5 6 7 8
    gives 5 direct 5
    same task 7
    run --separate-stderr plugged apply rusty.run a b c
    ends 0
    is "a b c false"
    [[ $stderr == *"run: warning: a from Rust"* ]]
}

@test "a load hook runs before any task" {
    gives 1 starts
    cat >"$BATS_TEST_TMPDIR/lib.rs" <<'END'
fn start(_: &sopool::Call) -> Result<(), &'static str> {
    Err("the hook fails")
}

sopool::plugin! { hooked, "1", load = start;
    fn one() -> i64 { 1 }
}
END
    build hooked "$BATS_TEST_TMPDIR/lib.rs"
    run plugged apply hooked.one
    ends 2
    has "the hook fails"
    rm "$plugins/libhooked.so"
}

# ---- arguments that do not fit

@test "what does not fit: which argument, which item" {
    run plugged apply rusty.u8 -- -1
    ends 1
    has "argument 1 (x): '-1' is not a u64"
    fails "argument 1 (x) is outside the range of i8" i8 128
    fails "argument 1 (x) is outside the range of i16" i16 -32769
    fails "argument 1 (x) is outside the range of u8" u8 256
    fails "argument 1 (x) is outside the range of u32" u32 4294967296
    fails "argument 1 (x) is outside the range of f32" f32 1e39
    fails "argument 1 (type) is outside the range of i8" keyword 128
    fails "argument 8 (h) is outside the range of u8" eight 1 2 3 4 5 6 7 256
    fails "argument 1 (x[2]) is outside the range of i32" list '[1,2,3000000000]'
    fails "argument 1 (x[1]) is not a bool" flags '[true,1]'
    fails "argument 1 (x[0]) is not text" words '[1]'
    fails "argument 1 (x[0]) is not bytes" pieces '["x"]'
    fails 'argument 1 (x["aa"]) is outside the range of i16' map \
        '{"a":1,"aa":40000}'
    fails 'argument 1 (x["b"][1]) is not a number' deep '{"b":[null,"x"]}'
    fails "argument 1 (x) is not an integer" may '"x"'
    fails "argument 1 (of[1]) is not an integer" item '[1,0.5]' 1
}

# ---- ways to fail

@test "an error is the reason of the failure" {
    gives 4 half 8
    fails "7 is odd, by 100%" half 7
    gives 1.5 parse 1.5
    fails "invalid float literal" parse x
    fails "the task failed without giving a reason" sink 0
}

@test "a panic fails the call, and says where it was" {
    panics "no format: 100%" leave format
    panics 'called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }' \
        leave unwrap
    panics "no text" leave payload
    panics "index out of bounds: the len is 2 but the index is 2" item '[1,2]' 2
    gives 1 leave caught
    RUST_BACKTRACE=1 run plugged apply rusty.leave format
    has "stack backtrace" "sopool: rusty.leave: panicked at "
}

@test "a worker outlives panics" {
    run --separate-stderr plugged map -j 1 rusty.leave <<<$'format\nunwrap\nno'
    ends 1
    is 0
    [[ $stderr == *'stdin:1: rusty.leave("format"): panicked at '* ]]
    [[ $stderr != *died* ]]
}

@test "threads of a task may log; their panics are theirs" {
    run --separate-stderr plugged apply rusty.threads
    ends 0
    is 1
    [[ $stderr == *"threads: warning: from another thread"* ]]
    [[ $stderr == *"in another thread"* ]]
}

@test "a result that is none" {
    fails "the result has an integer of over 64 bits" wide 1
    gives "$(printf '[%.0s' {1..32})$(printf ']%.0s' {1..32})" nested 32
    fails "the task's result is nested too deeply (32 at most)" nested 33
}

# ---- typed arrays, which no text can be

@test "typed arrays are lists of numbers" {
    typed_arrays sum any list words
}

# ---- the document, and what does not compile

@test "what docs/rust.md shows is so" {
    local document=$SOPOOL_TEST_SOURCE/docs/rust.md
    sed -n '/^```rust/,/^```/{/^```/d;p;}' "$document" >"$BATS_TEST_TMPDIR/lib.rs"
    build hello "$BATS_TEST_TMPDIR/lib.rs"
    run plugged list hello
    ends 0
    has "$(grep '^hello.greet' "$document")"
    run plugged apply hello.greet you 1001
    ends 1
    is "$(grep '^sopool: hello.greet' "$document")"
    run plugged apply hello.greet you 2
    is $'hello you\nhello you'
}

# refused MESSAGE TEXT: the plugin with that in it does not compile.
refused() {
    printf '%s\n' 'sopool::plugin! { bad, "1";' "$2" '}' \
        >"$BATS_TEST_TMPDIR/bad.rs"
    run build bad "$BATS_TEST_TMPDIR/bad.rs"
    [ "$status" -ne 0 ]
    has "$1"
}

@test "what no task can be does not compile" {
    refused "the names of plugins and tasks are" 'fn Half(x: i64) -> i64 { x }'
    refused '`char: ' 'fn f(x: char) -> i64 { x as i64 }'
    refused "no rules expected" '#[inline] fn f() {}'
}
