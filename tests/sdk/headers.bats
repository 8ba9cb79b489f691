#!/usr/bin/env bats
# The SDK as a plugin's author has it: headers, a compiler, nothing else.

setup() {
    include=$SOPOOL_TEST_SOURCE/sdk/include
    tmp=$BATS_TEST_TMPDIR
    warn=(-pedantic -Wall -Wextra -Wshadow -Werror)
}

need() {
    command -v "$1" >/dev/null || skip "no $1"
}

# Each header by itself, and twice: with COMPILER LANGUAGE STANDARD.
headers() {
    need "$1"
    for header in abi cbor task; do
        printf '#include <sopool/%s.h>\n' $header $header >"$tmp/alone.$2"
        "$1" "-std=$3" "${warn[@]}" -I"$include" -fsyntax-only "$tmp/alone.$2"
    done
}

@test "headers stand alone: gcc, C11" { headers gcc c c11; }
@test "headers stand alone: clang, C11" { headers clang c c11; }
@test "headers stand alone: g++, C++11" { headers g++ cc c++11; }
@test "headers stand alone: clang++, C++11" { headers clang++ cc c++11; }
@test "headers stand alone: g++, C++17" { headers g++ cc c++17; }
@test "headers stand alone: clang++, C++17" { headers clang++ cc c++17; }

# That for C++, with more warnings; COMPILER STANDARD.
cpp_header() {
    need "$1"
    printf '#include <sopool/task.hpp>\n#include <sopool/task.hpp>\n' \
        >"$tmp/alone.cc"
    "$1" "-std=$2" "${warn[@]}" -Wconversion -I"$include" -fsyntax-only \
        "$tmp/alone.cc"
    "$1" "-std=$2" "${warn[@]}" -Wconversion -I"$include" -shared -fPIC \
        -Wl,-z,defs -o "$tmp/cplus.so" \
        "$SOPOOL_TEST_SOURCE/tests/plugins/cplus.cc"
    run nm -DC --defined-only "$tmp/cplus.so"
    [[ $output == *" sopool_plugin_v1"* ]]
    [[ $output != *sopool::detail* ]]
}

@test "task.hpp stands alone, and a plugin builds without a warning: g++, C++17" {
    cpp_header g++ c++17
}
@test "task.hpp stands alone, and a plugin builds without a warning: clang++, C++20" {
    cpp_header clang++ c++20
}
@test "task.hpp says which C++ it needs" {
    need g++
    echo '#include <sopool/task.hpp>' >"$tmp/alone.cc"
    run g++ -std=c++14 -I"$include" -fsyntax-only "$tmp/alone.cc"
    [ "$status" -ne 0 ]
    [[ $output == *"<sopool/task.hpp> needs C++17"* ]]
}

math() {
    cat >"$tmp/math.$1" <<'END'
#include <sopool/task.h>

SOPOOL_TASK(square, i64, "The square of x.", (i64, x))
{
    if (__builtin_mul_overflow(a->x, a->x, out))
        return sopool_fail(call, "the square of %" PRId64 " does not fit in 64 bits", a->x);
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(math, "1.0", square);
END
}

# What one can say with the macros, in both languages.
everything() {
    cat >"$tmp/all.$1" <<'END'
#include <sopool/task.h>

SOPOOL_TASK(none, bool, "No parameter, and no use of a and call.")
{
    *out = false;
    return SOPOOL_OK;
}

SOPOOL_TASK(log, f64, "As libc's.", (f64, x), (bool, y), (u64, z))
{
    *out = a->y ? a->x : (double)a->z;
    return SOPOOL_OK;
}

SOPOOL_TASK_WITH(SOPOOL_PURE | SOPOOL_NO_FORK, eight, str, "Eight.",
                 (bool, p1), (i64, p2), (u64, p3), (f64, p4), (str, p5),
                 (bytes, p6), (list, p7), (map, p8))
{
    *out = a->p5;
    return SOPOOL_OK;
}

SOPOOL_TASK(write, list, "A list of the value.", (any, value))
{
    sopool_put_array(out, 1);
    sopool_put_raw(out, a->value.ptr, a->value.size);
    return SOPOOL_OK;
}

SOPOOL_TASK(keys, map, "An empty map.")
{
    sopool_put_map(out, 0);
    return SOPOOL_OK;
}

SOPOOL_TASK(bytes_of, bytes, "In place.", (str, text))
{
    uint8_t *to = (uint8_t *)sopool_reserve(call, a->text.size);

    if (to == NULL || sopool_should_stop(call))
        return sopool_fail(call, "no memory");
    memcpy(to, a->text.ptr, a->text.size);
    sopool_log(call, SOPOOL_LOG_DEBUG, "%d", 1);
    out->ptr = to;
    out->size = a->text.size;
    return SOPOOL_OK;
}

static int32_t load(sopool_call *call)
{
    return sopool_scratch(call, 8) == NULL ? sopool_fail(call, "no memory") : SOPOOL_OK;
}

SOPOOL_PLUGIN_WITH(load, all, "1.0", none, log, eight, write, keys, bytes_of);
END
}

# COMPILER LANGUAGE STANDARD
plugins() {
    need "$1"
    math "$2"
    everything "$2"
    for name in math all; do
        "$1" "-std=$3" "${warn[@]}" -I"$include" -shared -fPIC -Wl,-z,defs \
            -o "$tmp/$name.so" "$tmp/$name.$2"
        run nm -D --defined-only "$tmp/$name.so"
        [ "${#lines[@]}" -eq 1 ]
        [[ $output == *" sopool_plugin_v1" ]]
    done
}

@test "plugins build without a warning: gcc, C11" { plugins gcc c c11; }
@test "plugins build without a warning: clang, C11" { plugins clang c c11; }
@test "plugins build without a warning: g++, C++11" { plugins g++ cc c++11; }
@test "plugins build without a warning: clang++, C++11" {
    plugins clang++ cc c++11
}
@test "plugins build without a warning: g++, C++17" { plugins g++ cc c++17; }
@test "plugins build without a warning: clang++, C++17" {
    plugins clang++ cc c++17
}

@test "the whole build of a plugin is one command" {
    need cc
    math c
    cd "$tmp"
    run cc -I"$include" -shared -fPIC -o math.so math.c
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "the manifest is in a section without relocations" {
    need cc
    need readelf
    math c
    cd "$tmp"
    cc -I"$include" -fPIC -c -o math.o math.c
    readelf -SW math.o >sections
    grep -q ' sopool_manifest  *PROGBITS .* A ' sections
    [ -z "$(grep -E 'rela?sopool_manifest' sections)" ]
    cc -shared -Wl,--gc-sections -o math.so math.o
    run readelf -p sopool_manifest math.so
    [[ $output == *square* ]]
    [[ $output == *"(x: i64) -> i64"* ]]
    [[ $output == *"The square of x."* ]]
    [[ $output == *math* ]]
}

# EXPRESSION OF SED: the plugin, changed so, is no C any more.
refused() {
    need cc
    math c
    cc -I"$include" -fsyntax-only "$tmp/math.c"
    sed "$1" "$tmp/math.c" >"$tmp/wrong.c"
    [ -n "$(diff "$tmp/math.c" "$tmp/wrong.c")" ]
    run cc -I"$include" -fsyntax-only "$tmp/wrong.c"
    [ "$status" -ne 0 ]
    [[ $output == *error:* ]]
}

@test "a wrong field is a compile error" { refused 's/a->x, a->x/a->x, a->y/'; }
@test "a wrong parameter type is a compile error" { refused 's/(i64, x)/(i63, x)/'; }
@test "a wrong result type is a compile error" { refused 's/square, i64/square, int/'; }
@test "an unknown task is a compile error" { refused 's/"1.0", square/"1.0", cube/'; }
@test "a task twice is a compile error" { refused '/^SOPOOL_TASK/,/^}/{p;}'; }
@test "nine parameters are a compile error" {
    refused 's/(i64, x)/(i64, x), (i64, b), (i64, c), (i64, d), (i64, e), (i64, f), (i64, g), (i64, h), (i64, i)/'
}
@test "a format that does not fit its argument is warned of" {
    need cc
    math c
    sed -i 's/%" PRId64 "/%s/' "$tmp/math.c"
    run cc -Wall -Werror -I"$include" -fsyntax-only "$tmp/math.c"
    [ "$status" -ne 0 ]
}

@test "a plugin may have 64 tasks" {
    need cc
    {
        echo '#include <sopool/task.h>'
        for i in $(seq 64); do
            echo "SOPOOL_TASK(t$i, bool, \"$i\") { *out = true; return SOPOOL_OK; }"
        done
        echo "SOPOOL_PLUGIN(many, \"1\", $(seq -s, -f 't%g' 64));"
    } >"$tmp/many.c"
    cc -std=c11 "${warn[@]}" -I"$include" -shared -fPIC -o "$tmp/many.so" \
        "$tmp/many.c"
}

@test "CMake finds the library and the SDK, wherever they were moved to" {
    need cmake
    dir=$(dirname "$(find "$SOPOOL_TEST_STAGE" -name sopool-config.cmake)")
    cat >"$tmp/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.16)
project(try LANGUAGES C)
find_package(sopool 0.1 CONFIG REQUIRED)
add_executable(version version.c)
target_link_libraries(version sopool::sopool)
add_library(empty MODULE empty.c)
target_link_libraries(empty sopool::sdk)
message(STATUS "plugins: ${sopool_PLUGINDIR}")
END
    cat >"$tmp/version.c" <<'END'
#include <stdio.h>
#include <sopool.h>
int main(void) { return puts(sopool_version()) < 0; }
END
    echo '#include <sopool/task.h>' >"$tmp/empty.c"
    run cmake -S "$tmp" -B "$tmp/build" -Dsopool_DIR="$dir"
    [ "$status" -eq 0 ]
    [[ $output == *"plugins: $SOPOOL_PLUGIN_PATH"* ]]
    cmake --build "$tmp/build"
    run "$tmp/build/version"
    [ "$output" = "$(sopool version | cut -d ' ' -f 2)" ]
    sed -i 's/sopool 0.1/sopool 99/' "$tmp/CMakeLists.txt"
    run cmake -S "$tmp" -B "$tmp/build" -Dsopool_DIR="$dir"
    [ "$status" -ne 0 ]
}

@test "the codec and cbor2 agree byte for byte" {
    program=$SOPOOL_TEST_BUILD/tests/unit/cbor_peers
    [ -x "$program" ] || skip "no libcbor"
    /usr/bin/python3 -c 'import cbor2' 2>/dev/null || skip "no python3-cbor2"
    /usr/bin/python3 "$SOPOOL_TEST_SOURCE/tests/unit/cbor_peers.py" "$program"
}
