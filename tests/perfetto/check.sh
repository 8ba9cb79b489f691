#!/bin/sh
# check.sh DIR [SOPOOL] - shows that Perfetto opens our traces, in TAP: builds
# its trace_processor_shell (the part that reads traces, which its page runs too)
# in the folder DIR, has the command SOPOOL ("sopool") write traces, and compares
# what Perfetto finds in them with what is in the files.
#
# Debian 12 has no package of it, but its source of qt6-webengine carries it, from
# just after v25.0 (4c15672c0a9e, as chromium/DEPS there says). It is fetched from
# $DEBIAN (http://deb.debian.org/debian) with a list of sources of our own, which
# the system's apt does not see, and has to be signed with Debian's keys. What was
# built stays in DIR, for the next time. $JOBS compilers run at a time (1); it
# takes 500 MB, of which 140 stay, and with one a quarter of an hour. Exit status:
# 0, 1 when something is not ok, 77 when the source or a program is not to be had.

missing() {
    echo "1..0 # SKIP $*"
    exit 77
}

# ---- the source -------------------------------------------------------------

keys=/usr/share/keyrings/debian-archive-keyring.gpg

# apt ARGUMENT...: with lists of its own, and nothing that is not signed. The lists
# are in a folder that apt's own user may not read.
apt() {
    apt-get -q -o Dir::Etc::sourcelist="$dir/apt/sources.list" \
        -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$dir/apt/lists" \
        -o Dir::Cache="$dir/apt" -o Dir::Cache::archives="$dir/apt/archives" \
        -o APT::Sandbox::User="$(id -un)" -o APT::Get::AllowUnauthenticated=false \
        -o Acquire::AllowInsecureRepositories=false "$@"
}

fetch() {
    mkdir -p apt/lists/partial apt/archives/partial &&
        echo "deb-src [signed-by=$keys] ${DEBIAN:-http://deb.debian.org/debian}" \
            "bookworm main" >apt/sources.list &&
        apt update --error-on=any &&
        apt source --download-only qt6-webengine/bookworm
}

# Perfetto's folder alone; its name says that all of it is there.
unpack() {
    rm -rf unpacked && mkdir unpacked &&
        tar -xJf qt6-webengine_*.orig.tar.xz -C unpacked --strip-components=6 \
            --wildcards '*/src/3rdparty/chromium/third_party/perfetto' &&
        mv unpacked perfetto && rm -rf apt qt6-webengine_*.tar.xz
}

# ---- the program ------------------------------------------------------------

# At the lowest priority, and how long it took stands in a comment.
build() {
    [ -x trace_processor_shell ] && return
    begun=$(date +%s) &&
        nice -n 19 make -f "$rules" -j "${JOBS:-1}" trace_processor_shell &&
        echo "# built in $(($(date +%s) - begun)) s" >&3
}

# ---- the traces -------------------------------------------------------------

# Calls of which all give a result.
plain() {
    seq 1 2000 | "$sopool" map --trace "$1" math.square
}

# Inputs that no worker begins, of odd characters; workers that are replaced, and
# workers that die.
eventful() {
    {
        printf '%s\n' x '"a\u0001\"b"' 'é €' '[{}]' "a'b"
        seq 1 300
    } | "$sopool" map --trace "$1" --maxtasksperchild 50 --retries 5 \
        --chaos kill=1/40,seed=7 math.square
    [ $? -eq 1 ]
}

# The file of a run that was killed ends within a line, and so does this one.
cut_off() {
    plain whole.json && head -c 100000 whole.json >"$1"
}

# try TRACE: its kind, which is a function, too.
try() {
    echo "# $1"
    rm -f "$1.json"
    if ! "$1" "$1.json" >log 2>&1; then
        sed 's/^/# /' log | tail -n 20
        echo "not ok 1 - sopool writes a trace"
        return
    fi
    echo "ok 1 - sopool writes a trace"
    python3 "$compare" "$1.json" || echo "not ok 1 - Perfetto opens it"
}

[ $# -ge 1 ] || { echo "Usage: $0 DIR [SOPOOL]" >&2 && exit 99; }
sopool=$(command -v "${2:-sopool}") || missing "no ${2:-sopool}"
case $sopool in [!/]*) sopool=$PWD/$sopool ;; esac
here=$(cd "$(dirname "$0")" && pwd) || exit 99
rules=$here/rules.mk
compare=$here/compare.py
export LC_ALL=C.UTF-8
mkdir -p "$1" && cd "$1" || exit 99
dir=$PWD
if [ ! -x trace_processor_shell ]; then
    for package in g++ make python3 xz-utils protobuf-compiler libprotoc-dev \
        libjsoncpp-dev libsqlite3-dev zlib1g-dev; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' $package 2>/dev/null)" = \
            installed ] || missing "needs Debian's package $package"
    done
fi
if [ ! -d perfetto ]; then
    { fetch && unpack; } >log 2>&1 || {
        sed 's/^/# /' log | tail -n 20
        missing "no source of Perfetto"
    }
fi
{
    if build 3>&1 >log 2>&1; then
        ./trace_processor_shell --version | sed 's/^/# /; 1q'
        echo "ok 1 - it builds"
        for trace in plain eventful cut_off; do
            try $trace
        done
    else
        sed 's/^/# /' log | tail -n 20
        echo "not ok 1 - it builds"
    fi
} | awk '
    /^(not )?ok / { sub(/ok [0-9]+/, "ok " ++count) }
    /^not ok / { bad = 1 }
    { print }
    END { print "1.." count; exit bad }'
