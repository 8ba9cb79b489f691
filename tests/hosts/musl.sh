#!/bin/sh
# run.sh SOURCE - builds the library, the worker program and plugins with musl
# (Debian's musl-tools) in a folder of their own, and makes calls with each start
# method, in TAP. Other libraries that are made for musl are not to be had there:
# libyaml is Debian's static one, which asks little of a C library (shim.c). The
# unwinder needs a table that musl-gcc does not ask for.
source=$(cd "$1" && pwd) || exit 99
command -v musl-gcc >/dev/null || { echo "1..0 # SKIP no musl-gcc"; exit 0; }
yaml=$(find /usr/lib -name libyaml.a | head -n 1)
[ -n "$yaml" ] || { echo "1..0 # SKIP no libyaml.a"; exit 0; }
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
umask 022
chmod 755 "$dir"
cd "$dir" || exit 99

# The kernel's headers, which musl has not got, and yaml.h.
headers() {
    mkdir include &&
        ln -s /usr/include/linux /usr/include/asm-generic \
            /usr/include/"$(gcc -dumpmachine)"/asm /usr/include/yaml.h include
}

build() {
    headers && musl-gcc -O2 -c "$source/tests/hosts/shim.c" &&
        "$source/configure" CC=musl-gcc CFLAGS="-O1 -g" \
            CPPFLAGS="-I$dir/include" LDFLAGS=-Wl,--eh-frame-hdr \
            YAML_CFLAGS=" " \
            YAML_LIBS="$yaml" LIBS="$dir/shim.o" --disable-shared --without-openssl \
            --without-pcre2 --without-libcurl --without-ncurses \
            --without-libelf --without-libevent && make -j 2 sopool-worker || return 1
    mkdir tried || return 1
    for plugin in behave faults; do
        musl-gcc -D_GNU_SOURCE -include sys/syscall.h \
            '-Dclose_range(a, b, c)=syscall(SYS_close_range, a, b, c)' \
            -I"$source/sdk/include" -Iinclude -shared -fPIC \
            -o tried/$plugin.so "$source/tests/plugins/$plugin.c" || return 1
    done
    musl-gcc -I"$source/core/include" -Wl,--eh-frame-hdr -o smoke "$source/tests/hosts/smoke.c" \
        core/.libs/libsopool-core.a "$yaml" shim.o
}

echo 1..5
if build >log 2>&1; then
    echo "ok 1 - it builds with musl"
else
    sed 's/^/# /' log | tail -n 20
    echo "not ok 1 - it builds with musl"
    exit 1
fi
SOPOOL_WORKER=$dir/sopool-worker ./smoke tried
