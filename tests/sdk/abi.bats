#!/usr/bin/env bats
# One ABI, kept: what was built once runs for ever, and what is foreign is
# refused with the reason.

bats_require_minimum_version 1.5.0
load ../cli/helper

setup() {
    chmod 755 "$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR" || return
    source=$SOPOOL_TEST_SOURCE
    cc=${SOPOOL_TEST_CC%% *}
    umask 022
}

# old INCLUDE FILE: builds the old plugin with the headers in that folder.
old() {
    $cc -O2 -I"$1" -shared -fPIC -o "$2" "$source/tests/abi/1.0/old.c"
}

# runs OPTION...: every task of the old plugin does what it did.
runs() {
    sopool=(sopool --plugin-path . "$@")
    [ "$("${sopool[@]}" apply old.add 2 3)" = 5 ]
    [ "$("${sopool[@]}" apply old.half 5)" = 2.5 ]
    [ "$("${sopool[@]}" apply old.loaded_with true)" = 42 ]
    [ "$("${sopool[@]}" apply old.twice ab)" = abab ]
    [ "$("${sopool[@]}" apply old.reverse abc)" = cba ]
    [ "$("${sopool[@]}" apply old.squares '[1, -2, 3]')" = '[1,4,9]' ]
    [ "$(seq 3 | "${sopool[@]}" map old.half | paste -sd ' ')" = "0.5 1 1.5" ]
    run "${sopool[@]}" apply old.add 1001 0
    ends 1
    has "1001 is too large"
    run "${sopool[@]}" apply old.crash 1
    ends 1
    has "was ended by SIG"
}

@test "a plugin that was built for ABI 1.0 runs" {
    local method
    old "$source/tests/abi/1.0" old.so
    run sopool inspect old.so
    ends 0
    has "abi         1.0 (this sopool: 1."
    for method in forkserver spawn; do
        runs --start-method $method
    done
}

@test "the same source builds with the headers of today, and is the same" {
    old "$source/sdk/include" old.so
    runs
    run sopool inspect old.so
    has "abi         1.$(sed -n 's/^#define SOPOOL_ABI_MINOR \([0-9]*\)u/\1/p' \
        "$source/sdk/include/sopool/abi.h") "
}

@test "nothing has moved that plugins know" {
    [ "$(getconf LONG_BIT)" -eq 64 ] || skip "the numbers are those of 64 bits"
    $cc -std=c11 -Wall -Wextra -Werror -fsyntax-only -I"$source/sdk/include" \
        "$source/tests/abi/layout.c"
    # Since 1.1 there is more, but in the first ABI that was all.
    sed '/Since 1.1/,$d' "$source/tests/abi/layout.c" >first.c
    $cc -std=c11 -Wall -Wextra -Werror -fsyntax-only \
        -I"$source/tests/abi/1.0" first.c
}

@test "a newer minor is used, a newer major is refused" {
    mkdir -p new/sopool
    cp "$source"/sdk/include/sopool/*.h new/sopool/
    sed -i 's/^#define SOPOOL_ABI_MINOR .*/#define SOPOOL_ABI_MINOR 99u/' \
        new/sopool/abi.h
    old new old.so
    run sopool --plugin-path . apply old.add 2 3
    ends 0
    is 5
    sed -i 's/^#define SOPOOL_ABI_MAJOR .*/#define SOPOOL_ABI_MAJOR 2u/' \
        new/sopool/abi.h
    old new old.so
    run sopool --plugin-path . apply old.add 2 3
    ends 2
    has "old.so: built for plugin ABI 2, this sopool runs ABI 1; build it here: "
    run sopool inspect old.so
    ends 2
    has "built for plugin ABI 2"
}

# ---- what the last release had, and this one has

# kept FILE DUMP: nothing that was there is gone or another.
kept() {
    command -v abidiff >/dev/null || skip "no abidiff"
    readelf -SW "$1" | grep -q ' \.debug_info ' || skip "no debug information"
    run abidiff --no-added-syms "$source/tests/abi/$2" "$1"
    ends 0
}

@test "the library's ABI is that of the last release" {
    kept "$(find "$SOPOOL_TEST_STAGE" -type f -name 'libsopool.so.*')" \
        libsopool.abi
}

@test "the plugins' ABI is that of the last release" {
    kept "$SOPOOL_TEST_PLUGINS/good.so" plugin.abi
}

@test "a change of the ABI is seen" {
    command -v abidiff >/dev/null || skip "no abidiff"
    cp -R "$source/sdk/include" new
    sed -i 's/^    const char \*doc;$/&\n    const char *more;/' new/sopool/abi.h
    $cc -g -w -D_GNU_SOURCE -Inew -shared -fPIC -o new.so \
        "$source/tests/plugins/good.c"
    run abidiff --no-added-syms "$source/tests/abi/plugin.abi" new.so
    [ "$status" -ne 0 ]
    has "1 data member insertion" "const char* more"
}
