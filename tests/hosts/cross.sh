#!/bin/sh
# cross.sh SOURCE HOST... - for each kind of machine (aarch64-linux-gnu), builds
# the library, the worker program and plugins with its cross compiler in a folder
# of their own, and makes calls with each start method under qemu, in TAP. Of
# other libraries only libyaml is needed, a static one: that of libyaml-dev for
# the machine, or below $CROSS_ROOT.

# machine HOST: the name that qemu has for it.
machine() {
    case $1 in
    i?86-*) echo i386 ;;
    powerpc64le-*) echo ppc64le ;;
    powerpc64-*) echo ppc64 ;;
    powerpc-*) echo ppc ;;
    *) echo "${1%%-*}" ;;
    esac
}

# build: in the folder where we are.
build() {
    mkdir include && cp "${yaml%/lib/*}/include/yaml.h" include || return 1
    "$source/configure" --host="$host" CFLAGS="-O1 -g" \
        YAML_CFLAGS="-I$PWD/include" \
        YAML_LIBS="$yaml" --enable-werror --disable-shared --without-openssl \
        --without-pcre2 --without-libcurl --without-ncurses --without-libelf \
        --without-libevent &&
        make -j 2 sopool-worker || return 1
    mkdir tried || return 1
    for plugin in behave faults; do
        "$host-gcc" -D_GNU_SOURCE -I"$source/sdk/include" -shared -fPIC \
            -o tried/$plugin.so "$source/tests/plugins/$plugin.c" || return 1
    done
    "$host-gcc" -I"$source/core/include" -o smoke "$source/tests/hosts/smoke.c" \
        core/.libs/libsopool-core.a "$yaml" || return 1
    # What is started has to go through qemu, too.
    printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$qemu" "$PWD/sopool-worker" >worker
    chmod 755 worker
}

# try: the tests of a machine, whose results are numbered from 1.
try() {
    host=$1
    qemu="qemu-$(machine "$host") -L /usr/$host"
    libs=/usr/lib/$("$host-gcc" -print-multiarch 2>/dev/null)
    yaml=$(find "${CROSS_ROOT-}$libs/libyaml.a" 2>/dev/null)
    if ! command -v "$host-gcc" >/dev/null ||
        ! command -v "${qemu%% *}" >/dev/null || [ -z "$yaml" ]; then
        echo "ok 1 - $host # SKIP needs $host-gcc, ${qemu%% *} and libyaml.a"
        return
    fi
    echo "# $host"
    mkdir "$dir/$host" && cd "$dir/$host" || exit 99
    if ! build >log 2>&1; then
        sed 's/^/# /' log | tail -n 20
        echo "not ok 1 - it builds"
        return
    fi
    echo "ok 1 - it builds"
    # Unquoted: one word each.
    # shellcheck disable=SC2086
    SOPOOL_WORKER=$PWD/worker timeout -k 5 120 $qemu ./smoke tried ||
        echo "not ok 1 - all of it"
}

source=$(cd "$1" && pwd) || exit 99
shift
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
umask 022
chmod 755 "$dir"
for host in "$@"; do
    (try "$host")
done | awk '
    /^(not )?ok / { sub(/ok [0-9]+/, "ok " ++count) }
    /^not ok / { bad = 1 }
    { print }
    END { print "1.." count; exit bad }'
