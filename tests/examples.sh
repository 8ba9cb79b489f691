#!/bin/sh
# Builds each example as a user would, with what is installed, and runs it, in
# TAP: what it prints is what examples/expected says.

[ -n "${SOPOOL_TEST_STAGE-}" ] || exec sh tests/env sh "$0" # in a build folder

source=$SOPOOL_TEST_SOURCE/examples
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
umask 022
chmod go-w "$dir"
SOPOOL_PLUGIN_PATH=$dir:$SOPOOL_PLUGIN_PATH
export SOPOOL_PLUGIN_PATH

PKG_CONFIG_PATH=$(find "$SOPOOL_TEST_STAGE" -name pkgconfig | tr '\n' ':')
PKG_CONFIG_SYSROOT_DIR=$SOPOOL_TEST_STAGE
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR

# The compiler, its flags and what pkg-config says are words each.
# shellcheck disable=SC2086
build_program() {
    $SOPOOL_TEST_CC $SOPOOL_TEST_CFLAGS -o "$dir/$1" "$source/$1.c" \
        $(pkg-config --cflags --libs sopool sopool-sdk)
}

# shellcheck disable=SC2086
build_plugin() {
    $SOPOOL_TEST_CC $SOPOOL_TEST_CFLAGS -fno-sanitize=all -shared -fPIC \
        -o "$dir/examples.so" "$source/tasks.c" $(pkg-config --cflags sopool-sdk)
}

number=0
failed=0

# skip NAME: why an example cannot be run, or nothing.
skip() {
    if [ "$1" = words ] && ! sopool list hash >/dev/null 2>&1; then
        echo "the plugin hash was not built"
    fi
}

# run NAME [ARG...]
run() {
    name=$1
    shift
    number=$((number + 1))
    why=$(skip "$name")
    if [ -n "$why" ]; then
        echo "ok $number - $name # SKIP $why"
        return
    fi
    build_program "$name" >"$dir/err" 2>&1 &&
        timeout 60 "$dir/$name" "$@" >"$dir/out" 2>"$dir/err"
    status=$?
    if [ $status -eq 0 ] && cmp -s "$dir/out" "$source/expected/$name.txt"
    then
        echo "ok $number - $name"
        return
    fi
    echo "not ok $number - $name"
    echo "# status $status"
    diff "$source/expected/$name.txt" "$dir/out" | sed 's/^/# /'
    sed 's/^/# /' "$dir/err"
    failed=1
}

build_plugin || exit 99
set -- "$source"/expected/*.txt
echo "1..$#"
for file in "$@"; do
    name=${file##*/}
    name=${name%.txt}
    case $name in
    square) run "$name" "$source/square.yaml" ;;
    *) run "$name" ;;
    esac
done
exit $failed
