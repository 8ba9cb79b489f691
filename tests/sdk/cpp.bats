#!/usr/bin/env bats
# Tasks in C++ (<sopool/task.hpp>), as the command runs them.

load ../cli/helper
load language

CXX=${CXX:-g++}
include=$SOPOOL_TEST_SOURCE/sdk/include
plugin=cplus
plugins=$BATS_FILE_TMPDIR/plugins

# build FILE NAME: a plugin in reach of the command.
build() {
    (umask 022 && mkdir -p "$plugins" && chmod go-w "$plugins" &&
        "$CXX" -std=c++17 -g -I"$include" -shared -fPIC -o "$plugins/$2.so" "$1")
}

setup_file() {
    command -v "$CXX" >/dev/null || return 0
    build "$SOPOOL_TEST_SOURCE/tests/plugins/cplus.cc" cplus
}

setup() {
    command -v "$CXX" >/dev/null || skip "no C++ compiler"
}

# ---- types

@test "the signature is made of the function's type" {
    run plugged list cplus
    ends 0
    has "cplus.nothing     () -> any " \
        "cplus.yes         (x: bool) -> bool " \
        "cplus.i8          (x: i64) -> i64 " "cplus.u8          (x: u64) -> u64 " \
        "cplus.f32         (x: f64) -> f64 " "cplus.view        (x: str) -> str " \
        "cplus.blob        (x: bytes) -> bytes " \
        "cplus.two         (x: list) -> list " \
        "cplus.table       (x: map) -> map " "cplus.may         (x: any) -> any " \
        "cplus.repeat      (piece: str, times: u64) -> str " \
        "cplus.eight       (a: i64, b: u64, c: f64, d: f64, e: i64, f: u64, g: i64, h: u64) -> f64  The sum."
    run plugged list cplus.longer
    has "(a: str, b: str, c: map) -> str" "By reference." \
        "pure: the result depends on the arguments alone"
}

@test "bools and numbers" {
    same yes true false
    same i8 -128 127
    same i16 -32768 32767
    same i32 -2147483648 2147483647
    same i64 -9223372036854775808 9223372036854775807
    same u8 0 255
    same u16 65535
    same u32 4294967295
    same u64 18446744073709551615
    same f32 -0.5 3.4028234663852886e+38
    same f64 0.1 -1e+300
}

@test "infinite numbers stay, also as floats" {
    same f32 inf -inf
    same f64 inf nan
}

@test "text and bytes" {
    same str "" "Grüße"
    same view "" "Grüße"
    same blob "" "abc"
    same octet "abc"
    same bytes_view "" "abc"
    same four "abcd"
    printf 'a\xffb' >"$BATS_TEST_TMPDIR/in"
    plugged map cplus.blob "$BATS_TEST_TMPDIR/in" >"$out"
    printf 'a\xffb\n' | cmp - "$out"
}

@test "lists" {
    same list '[]' '[1,-2,3]'
    same flags '[true,false]'
    same pieces '[{"base64":"AQI="},{"base64":""}]'
    same three '[0.5,1.0,-2.0]'
    same two '["a",1]'
    same several '[true,-3,"v"]'
    same no_items '[]'
}

@test "maps, whose keys are sorted" {
    same map '{}' '{"a":1,"b":-2,"aa":3}'
    same table '{}'
    gives '{"a":"y","c":"","bb":"x"}' table '{"bb":"x","a":"y","c":""}'
}

@test "optional and nested" {
    same may 7
    same nested '{}' '{"b":[null,["x",1.5]],"aa":[]}'
    run plugged starmap --output json cplus.may <<<'[null]'
    ends 0
    has null
    run plugged starmap --output json cplus.nothing <<<'[]'
    ends 0
    has null
}

@test "parameters by reference, eight of them, none" {
    gives "longer" longer "long" "longer" '{}'
    gives 36 eight 1 2 3 4 5 6 7 8
    gives 1 starts
}

# ---- arguments that do not fit

@test "a number out of its type's range: which argument" {
    fails "argument 1 (x) is outside the range of i8" i8 128
    fails "argument 1 (x) is outside the range of i16" i16 -32769
    fails "argument 1 (x) is outside the range of i32" i32 2147483648
    fails "argument 1 (x) is outside the range of u8" u8 256
    fails "argument 1 (x) is outside the range of u16" u16 65536
    fails "argument 1 (x) is outside the range of u32" u32 4294967296
    fails "argument 1 (x) is outside the range of f32" f32 1e39
    fails "argument 1 (x) is outside the range of f32" f32 -1e39
    fails "argument 8 (h) is outside the range of u8" eight 1 2 3 4 5 6 7 256
    fails "argument 2 (times) is outside the range of u16" repeat x 65536
}

@test "in a list or a map: which item" {
    fails "argument 1 (x[2]) is outside the range of i32" list '[1,2,3000000000]'
    fails "argument 1 (x[1]) is not a bool" flags '[true,1]'
    fails "argument 1 (x[1]) is outside the range of i8" several '[true,-300,"v"]'
    fails 'argument 1 (x["aa"]) is outside the range of i16' map \
        '{"a":1,"aa":40000}'
    fails 'argument 1 (x["b"][1][1]) is not a number' nested \
        '{"b":[null,["x","y"]]}'
    fails "argument 1 (x) is not an integer" may '"x"'
    fails "argument 1 (x) is outside the range of i32" may 3000000000
}

@test "the wrong number of items" {
    fails "argument 1 (x) has 2 items, not 3" three '[1,2]'
    fails "argument 1 (x) has 3 items, not 2" two '["a",1,2]'
    fails "argument 1 (x) has 1 items, not 0" no_items '[1]'
    fails "argument 1 (x) has 3 bytes, not 4" four abc
}

@test "one input that does not fit hurts no other" {
    run --separate-stderr plugged map cplus.i8 <<<$'1\n300\n-5'
    ends 1
    is $'1\n-5'
    output=$stderr
    is 'sopool: stdin:2: cplus.i8("300"): argument 1 (x) is outside the range of i8'
}

# ---- the call, and ways to fail

@test "the call: memory, log, should_stop" {
    run --separate-stderr plugged apply cplus.ask
    ends 0
    is false
    [[ $stderr == *"ask: warning: a line from C++"* ]]
    gives ababab repeat ab 3
    gives "" repeat "" 3
    run bash -c 'sopool apply --plugin-path "$1" cplus.repeat abcdefgh 60000 |
        wc -c' in_bash "$plugins"
    is 480001
}

@test "what() is the reason of a failure" {
    fails "a reason with 100% in it" leave runtime
    fails "not that" leave invalid
    run plugged apply cplus.leave range
    ends 1
    has "sopool: cplus.leave: basic_string::at: "
    fails "the task failed without giving a reason" leave silent
}

@test "other exceptions" {
    fails "no memory" leave memory
    fails "unknown exception" leave number
}

@test "a worker outlives exceptions" {
    run --separate-stderr plugged map -j 1 cplus.leave <<<$'runtime\nnumber\nmemory\nno'
    ends 1
    is 0
    [[ $stderr == *"stdin:3: cplus.leave(\"memory\"): no memory"* ]]
    [[ $stderr != *died* ]]
}

@test "the end of the worker's thread is no exception" {
    run plugged apply cplus.leave thread
    ends 1
    has "the task ended the worker's thread, by pthread_exit()"
}

@test "text that is not UTF-8 is refused" {
    fails "the task's result has text that is not UTF-8" not_utf8
}

@test "tasks in C and C++ stand in one plugin" {
    gives 8 plain_c 7
}

@test "a load hook fails by throwing; a plugin in a namespace" {
    local plugins=$BATS_TEST_TMPDIR/plugins
    cat >"$BATS_TEST_TMPDIR/hooked.cc" <<'END'
#include <sopool/task.hpp>

namespace mine
{
static void start(sopool::call &)
{
    throw std::runtime_error("the hook throws");
}

static int one()
{
    return 1;
}
SOPOOL_CPP_TASK(one, "1.");
SOPOOL_PLUGIN_WITH(sopool::load<start>, hooked, "1", one);
} // namespace mine
END
    build "$BATS_TEST_TMPDIR/hooked.cc" hooked
    run plugged apply hooked.one
    ends 2
    has "the hook throws"
}

@test "what docs/cpp.md shows is so" {
    local plugins=$BATS_TEST_TMPDIR/plugins
    sed -n '/^```cpp/,/^```/{/^```/d;p;}' "$SOPOOL_TEST_SOURCE/docs/cpp.md" \
        >"$BATS_TEST_TMPDIR/hello.cc"
    build "$BATS_TEST_TMPDIR/hello.cc" hello
    run plugged list hello
    ends 0
    is "$(grep '^hello.greet' "$SOPOOL_TEST_SOURCE/docs/cpp.md")"
    run plugged apply hello.greet -- you -1
    ends 1
    is "$(grep '^sopool: hello.greet' "$SOPOOL_TEST_SOURCE/docs/cpp.md")"
    run plugged apply hello.greet you 2
    is $'hello you\nhello you'
}

# ---- typed arrays, which no text can be

@test "typed arrays are lists of numbers" {
    typed_arrays sum list list two
}

# ---- what does not compile

# refused MESSAGE FUNCTION ARGUMENT...: with each compiler, that is the one
# error of a task made of the function with these arguments of the macro.
refused() {
    local compiler errors message=$1 file=$BATS_TEST_TMPDIR/refused.cc
    printf '%s\n' "#include <sopool/task.hpp>" "struct Point { int x; };" \
        "$2" "SOPOOL_CPP_TASK($3);" "SOPOOL_PLUGIN(bad, \"1\", ${3%%,*});" \
        >"$file"
    for compiler in g++ clang++; do
        command -v "$compiler" >/dev/null || continue
        run "$compiler" -std=c++17 -I"$include" -fsyntax-only "$file"
        [ "$status" -ne 0 ]
        has "$message"
        errors=$(grep -c 'error: ' <<<"$output")
        if [ "$errors" -ne 1 ]; then
            printf '%s: %s errors: %s\n' "$compiler" "$errors" "$output" >&2
            return 1
        fi
    done
}

@test "a type that cannot be a parameter is one error, which names it" {
    refused "this type cannot be a task's parameter" \
        'static int f(Point p) { return p.x; }' 'f, "x", p'
    has "Point"
    refused "this type cannot be a task's parameter" \
        'static int f(const std::map<std::string, Point> &) { return 1; }' \
        'f, "x", p'
    refused "this type cannot be a task's parameter" \
        'static int f(char) { return 1; }' 'f, "x", p'
    refused "this type cannot be a task's parameter" \
        'static int f(std::optional<std::optional<int>>) { return 1; }' \
        'f, "x", p'
}

@test "a type that cannot be a result is one error, which names it" {
    refused "this type cannot be a task's result" \
        'static Point f(int x) { return {x}; }' 'f, "x", x'
    has "Point"
    refused "this type cannot be a task's result" \
        'static const char *f() { return ""; }' 'f, "x"'
}

@test "a reference that may be written to is one error" {
    refused "must be a value or a const reference" \
        'static int f(int &x) { return x; }' 'f, "x", x'
    refused "only sopool::call & may stand before them" \
        'static int f(int x, sopool::call &) { return x; }' 'f, "x", x, call'
}

@test "names that do not fit are one error" {
    refused "a task needs one name for each parameter" \
        'static int f(int x) { return x; }' 'f, "x"'
    refused "a task needs one name for each parameter" \
        'static int f(sopool::call &, int x) { return x; }' 'f, "x", call, x'
    refused "and are all different" \
        'static int f(int x, int) { return x; }' 'f, "x", x, x'
    refused "a task's name has up to 40 lower-case letters" \
        'static int Half(int x) { return x; }' 'Half, "x", x'
}
