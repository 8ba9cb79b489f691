#!/usr/bin/env bats
# The build itself: what is installed, what configure says, how autogen.sh
# installs what is missing, how results are counted.

bats_require_minimum_version 1.5.0

setup() {
    source=$SOPOOL_TEST_SOURCE
    stage=$SOPOOL_TEST_STAGE
    bin=$(dirname "$(command -v sopool)")
    lib=${LD_LIBRARY_PATH%%:*}
}

# fake NAME: a command of that name, made of the lines on stdin.
fake() {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    { echo '#!/bin/sh'; cat; } >"$BATS_TEST_TMPDIR/bin/$1"
    chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

# ---- what is installed

@test "the tests run what is installed" {
    [[ $bin == "$stage"/* ]]
    [[ $lib == "$stage"/* ]]
    [ -x "$bin/sopool" ]
    [ -x "$SOPOOL_WORKER" ]
    [ -f "$lib/libsopool.so" ]
    [ -f "$lib/pkgconfig/sopool.pc" ]
    [ -f "$lib/pkgconfig/sopool-sdk.pc" ]
    [ -n "$(find "$stage" -name sopool.1)" ]
    [ -n "$(find "$stage" -path '*/bash-completion/completions/sopool')" ]
    [ -n "$(find "$stage" -path '*/zsh/site-functions/_sopool')" ]
    [ -n "$(find "$stage" -path '*/vendor_completions.d/sopool.fish')" ]
    [ -n "$(find "$stage" -name hash.yaml)" ]
}

@test "the library exports what sopool.h declares, and nothing else" {
    nm -D --defined-only "$lib/libsopool.so" |
        awk '$2 ~ /[TDBR]/ { print $3 }' | sort >"$BATS_TEST_TMPDIR/all"
    # Each is of a version, which is what a program asks for.
    run ! grep -v '@@SOPOOL_[0-9.]*$' "$BATS_TEST_TMPDIR/all"
    sed 's/@@.*//' "$BATS_TEST_TMPDIR/all" >"$BATS_TEST_TMPDIR/exported"
    tr '\n' ' ' <"$source/core/include/sopool.h" |
        grep -oE 'SOPOOL_API [^;(]*\(' |
        grep -oE 'sopool_[a-z0-9_]+\(' | tr -d '(' | sort \
        >"$BATS_TEST_TMPDIR/declared"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/declared")" -gt 40 ]
    diff -u "$BATS_TEST_TMPDIR/declared" "$BATS_TEST_TMPDIR/exported"
}

@test "the Debian package lists what the library exports" {
    nm -D --defined-only "$lib/libsopool.so" |
        sed -n 's/.* [TDBR] \(.*\)@@/\1@/p' | sort >"$BATS_TEST_TMPDIR/exported"
    sed -n 's/^ \(sopool_[^ ]*\) .*/\1/p' \
        "$source/packaging/debian/libsopool0.symbols" | sort |
        diff -u - "$BATS_TEST_TMPDIR/exported"
}

@test "the command uses the public names alone" {
    run ! bash -c "nm -D --undefined-only '$bin/sopool' | grep -w U |
        grep -E ' (pool|channel|worker|catalog|value|error|buf)_'"
    nm -D --undefined-only "$bin/sopool" | grep -q sopool_open
}

@test "every plugin exports one symbol" {
    local found=0 plugin
    for plugin in "$SOPOOL_PLUGIN_PATH"/*.so; do
        run nm -D --defined-only --format=posix "$plugin"
        [ "${#lines[@]}" -eq 1 ]
        [[ ${lines[0]} == sopool_plugin_v1* ]]
        found=$((found + 1))
    done
    [ $found -gt 0 ]
}

@test "nothing that is loaded can be written by others" {
    local dir
    for dir in "$SOPOOL_PLUGIN_PATH" "$SOPOOL_TEST_BUILD/plugins/lib" \
        "$SOPOOL_TEST_PLUGINS"; do
        [ -d "$dir" ]
        [ -z "$(find "$dir" -perm /022)" ]
    done
}

@test "a program builds with what pkg-config says, as C and as C++" {
    local flags
    cat >"$BATS_TEST_TMPDIR/program.c" <<'END'
#include <sopool.h>
#include <stdio.h>

int main(void)
{
    puts(sopool_version());
    return 0;
}
END
    export PKG_CONFIG_PATH=$lib/pkgconfig
    flags=$(PKG_CONFIG_SYSROOT_DIR=$stage pkg-config --cflags --libs sopool)
    cd "$BATS_TEST_TMPDIR"
    # shellcheck disable=SC2086
    $SOPOOL_TEST_CC -Wall -Wextra -pedantic -Werror -o program program.c $flags
    cp program.c program.cc
    # shellcheck disable=SC2086
    c++ -Wall -Wextra -pedantic -Werror -c program.cc ${flags%%-L*}
    run ./program
    [ "$output" = "$(pkg-config --modversion sopool)" ]
}

@test "every header stands alone" {
    local header path
    cd "$source"
    while IFS= read -r header; do
        path=${header#core/}
        case $header in
        core/include/* | sdk/include/*) path=${header#*/include/} ;;
        esac
        echo "$header"
        echo "#include \"$path\"" | $SOPOOL_TEST_CC -std=gnu11 -D_GNU_SOURCE \
            -Wall -Wextra -Werror -fsyntax-only \
            -Isdk/include -Icore/include -Icore -x c -
    done < <(find core sdk/include -name '*.h' | sort)
}

@test "a new project makes a plugin that the command runs" {
    cd "$BATS_TEST_TMPDIR"
    sopool new frob
    cd frob
    export PKG_CONFIG_PATH=$lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage
    umask 022
    make CC="$SOPOOL_TEST_CC" CFLAGS='-O2 -Wall -Wextra -Wshadow -Werror'
    make install HOME="$BATS_TEST_TMPDIR/home"
    run nm -D --defined-only --format=posix frob.so
    [ "${#lines[@]}" -eq 1 ]
    [[ ${lines[0]} == sopool_plugin_v1* ]]
    unset SOPOOL_PLUGIN_PATH
    HOME=$BATS_TEST_TMPDIR/home run sopool apply frob.hello you
    [ "$status" -eq 0 ]
    [ "$output" = "Hello, you!" ]
}

# ---- configure

# configure FLAG...: in a folder of its own, knowing only the libraries whose
# names are in $known, which a test sets.
configure() {
    local name dir=$BATS_TEST_TMPDIR/pc
    if [ -e "$source/config.status" ]; then
        skip "the source folder is configured itself"
    fi
    mkdir -p "$dir" "$BATS_TEST_TMPDIR/configured"
    for name in ${known?}; do
        cp "$(pkg-config --variable=pcfiledir "$name")/$name.pc" "$dir"
    done
    cd "$BATS_TEST_TMPDIR/configured" || return
    # What this build's configure has found out about the system and the
    # compiler need not be found out again.
    sed -n '/^## Cache variables/,/^## Output variables/p' \
        "$SOPOOL_TEST_BUILD/config.log" | grep -E '^(ac|am|lt)_cv_' |
        grep -vE '^ac_cv_(env|lib|search)_' >known || true
    run env -u LDFLAGS PKG_CONFIG_LIBDIR="$dir" PKG_CONFIG_PATH= \
        "$source/configure" --cache-file=known "$@"
}

@test "configure goes on without optional libraries, and says so" {
    known="json-c yaml-0.1" configure --without-libcurl
    [ "$status" -eq 0 ]
    [[ $output == *"plugin math     yes"* ]]
    [[ $output == *"live top        no  (ncurses is missing;"*libncurses-dev* ]]
    [[ $output == *"whole inspect   no  (libelf is missing;"*libelf-dev* ]]
    [[ $output == *"serve           no  (libevent is missing;"*libevent-dev* ]]
    [[ $output == *"plugin hash     no  (openssl is missing;"*libssl-dev* ]]
    [[ $output == *"plugin text     no  (pcre2 is missing;"*libpcre2-dev* ]]
    [[ $output == *"plugin fetch    no  (switched off by --without-libcurl)"* ]]
    [[ $output == *"unit tests      no  (skipped: "*check* ]]
}

@test "configure names the package of a library that it cannot do without" {
    known="yaml-0.1" configure
    [ "$status" -ne 0 ]
    [[ $output == *"on Debian install libjson-c-dev"* ]]
    # What is asked for by name is such a one.
    known="json-c yaml-0.1" configure --with-libevent
    [ "$status" -ne 0 ]
    [[ $output == *"libevent is missing; on Debian install libevent-dev"* ]]
}

# ---- autogen.sh

@test "autogen.sh: any other word is a usage error" {
    run "$source/autogen.sh" demo twice
    [ "$status" -eq 2 ]
    [[ $output == usage:* ]]
    run "$source/autogen.sh" chekc
    [ "$status" -eq 2 ]
}

@test "autogen.sh: without apt-get it names what to install" {
    local tool
    mkdir "$BATS_TEST_TMPDIR/bin"
    for tool in sh dirname xargs echo; do
        ln -s "$(type -P $tool)" "$BATS_TEST_TMPDIR/bin/$tool"
    done
    PATH=$BATS_TEST_TMPDIR/bin run "$source/autogen.sh" check
    [ "$status" -eq 1 ]
    [[ $output == *"no apt-get"*libjson-c-dev*bats* ]]
}

@test "autogen.sh: what is missing is installed, after one update" {
    fake id <<<'echo 0'
    fake dpkg-query <<'END'
case $* in
*autoconf | *wamerican-insane) exit 1 ;;
*) printf 'ii ' ;;
esac
END
    fake apt-get <<END
echo "\$*" >>"$BATS_TEST_TMPDIR/asked"
case \$* in *install*) exit 100 ;; esac
END
    PATH=$BATS_TEST_TMPDIR/bin:$PATH run "$source/autogen.sh" demo
    [ "$status" -eq 1 ]
    [[ $output == *"cannot install autoconf wamerican-insane"* ]]
    run cat "$BATS_TEST_TMPDIR/asked"
    [ "${#lines[@]}" -eq 2 ]
    [[ ${lines[0]} == *update ]]
    [[ ${lines[1]} == *"install -y"*" autoconf wamerican-insane" ]]
}

@test "autogen.sh: without root and sudo it says what root should run" {
    fake id <<<'echo 1000'
    fake dpkg-query <<<'exit 1'
    fake apt-get <<<'exit 0'
    local tool
    for tool in sh dirname xargs echo; do
        ln -s "$(type -P $tool)" "$BATS_TEST_TMPDIR/bin/$tool"
    done
    PATH=$BATS_TEST_TMPDIR/bin run "$source/autogen.sh" demo
    [ "$status" -eq 1 ]
    [[ $output == *"as root run: apt-get install autoconf"* ]]
}

# ---- the totals

@test "the totals are those of the test drivers" {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p a/b
    run "$source/scripts/totals" a
    [ "$output" = "0 0 0" ]
    printf ':test-result: %s\n' "PASS x" "SKIP FAIL" "XFAIL y" >a/one.trs
    printf ':test-result: %s\n' "FAIL x" "ERROR - too few" "XPASS" \
        "PASS FAIL" >a/b/two.trs
    echo ':global-test-result: FAIL' >>a/b/two.trs
    run "$source/scripts/totals" a
    [ "$output" = "3 3 1" ]
}
