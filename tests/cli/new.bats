#!/usr/bin/env bats
# sopool new: from nothing to a task that runs, with each build system.

load helper

setup() {
    use_installed
    umask 022
    cd "$BATS_TEST_TMPDIR" || return
}

# greets FOLDER [FILE]: the plugin in it can be used, and its own test passes.
greets() {
    local file=$1/${2-hello.so}
    run sopool --plugin-path "$1" apply hello.hello world
    ends 0
    is "Hello, world!"
    run sopool inspect "$file"
    ends 0
    run sopool test "$file" hello.yaml
    ends 0
    has "ok 1 - hello.hello(\"world\")" "ok 2 - nobody is greeted"
}

strict="-O2 -Wall -Wextra -Wshadow -Wconversion -Werror"

@test "make, in C and in C++" {
    run sopool new hello
    ends 0
    is "hello/hello.c
hello/Makefile
hello/hello.yaml
hello/README.md
now: cd hello && make && sopool apply --plugin-path . hello.hello world"
    cd hello
    umask 002 # which is no reason to refuse the plugin
    make CFLAGS="$strict -Wstrict-prototypes -Wmissing-prototypes"
    greets .
    make check
    make install HOME="$PWD/home"
    greets home/.local/lib/sopool
    make clean
    [ ! -e hello.so ]
    cd ..
    mv hello c
    sopool new --lang c++ hello
    cd hello
    make CXXFLAGS="$strict -Wpedantic"
    greets .
}

@test "meson" {
    command -v meson || skip "no meson"
    sopool new --build meson hello
    cd hello
    meson setup --werror build
    meson compile -C build
    greets build
    meson test -C build
    cd ..
    rm -r hello
    sopool new --build meson --lang c++ hello
    cd hello
    meson setup --werror build
    meson compile -C build
    greets build
}

@test "cmake" {
    command -v cmake || skip "no cmake"
    sopool new --build cmake hello
    cd hello
    cmake -B build -DCMAKE_C_FLAGS=-Werror
    cmake --build build
    greets build
    cmake --build build --target test
    cd ..
    rm -r hello
    sopool new --build cmake --lang c++ hello
    cd hello
    cmake -B build -DCMAKE_CXX_FLAGS=-Werror
    cmake --build build
    greets build
}

@test "autotools" {
    command -v autoreconf || skip "no autoconf"
    sopool new --build autotools hello
    cd hello
    ACLOCAL_PATH=$(dirname "$(find "$SOPOOL_TEST_STAGE" -name sopool.m4)") \
        autoreconf -i
    ./configure CFLAGS="$strict"
    make
    greets .libs
    make check
    make install DESTDIR="$PWD/root"
    [ -n "$(find root -name hello.so)" ]
}

@test "cargo" {
    sopool new --lang rust hello
    run cat hello/Cargo.toml
    has "sopool = { path = \"$(dirname "$SOPOOL_TEMPLATES")/rust\" }"
    # Made, and named, whether cargo is there or not.
    [ -f hello/src/lib.rs ]
    grep -q '^\$ umask 022 && cargo build --release$' hello/README.md
    grep -q '^\$ sopool inspect target/release/libhello.so$' hello/README.md
    run grep -rE '@[a-z]+@' hello
    ends 1
    { cargo --version && rustc --version; } || skip "no Rust"
    cd hello
    RUSTFLAGS="-D warnings" cargo build --release --offline
    greets target/release libhello.so
}

@test "the README says what is true" {
    local system
    for system in make meson cmake autotools; do
        sopool new --build $system a_$system
        # No word is left that stands for something.
        run grep -rE '@[a-z]+@' a_$system
        ends 1
    done
    grep -q '^\$ make$' a_make/README.md
    grep -q '^\$ umask 022 && meson setup build && meson compile -C build$' \
        a_meson/README.md
}

@test "what is not made" {
    run sopool new
    ends 2
    has "new takes the plugin's name"
    for name in A 1a a-b '' ../a a/b \
        a1234567890123456789012345678901234567890; do
        run sopool new "$name"
        ends 2
        has "cannot be the name of a plugin; allowed: up to 40 lower-case"
    done
    run sopool new --lang cobol hello
    ends 2
    has "--lang: 'cobol' is not right; allowed: c, c++, rust"
    run sopool new --build scons hello
    ends 2
    has "allowed: make, meson, cmake, autotools, cargo"
    run sopool new --build cargo hello
    ends 2
    has "--build: 'cargo' does not build c; allowed: make, meson, cmake, autotools"
    run sopool new --lang rust --build make hello
    ends 2
    has "--build: 'make' does not build rust; allowed: cargo"
    mkdir hello
    run sopool new hello
    ends 1
    has "cannot make the folder hello: File exists"
    rmdir hello
    SOPOOL_TEMPLATES=/none run sopool new hello
    ends 1
    has "/none/c: the template cannot be read: No such file or directory; is \
sopool installed?"
    run bash -c 'sopool new hello2 >/dev/full'
    ends 1
    has "No space left on device"
}
