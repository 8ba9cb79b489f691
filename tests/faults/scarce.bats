#!/usr/bin/env bats
# Too few descriptors or processes, files that may not grow, plugins that go
# away: an error that says so, or waiting, and never a hang or a lost call.

load ../cli/helper

# fine: all results, or a message and the status of a failure.
fine() {
    case $status in
    0) cmp -s "$out" "$BATS_TEST_TMPDIR/good" ;;
    1 | 2 | 3) [ -s "$err" ] ;;
    *) false ;;
    esac || {
        echo "status $status: $(tail -n 3 "$err")" >&2
        return 1
    }
}

# limited OPTION LIMIT COMMAND...: under a limit of the shell's ulimit.
limited() {
    timeout -s KILL 60 bash -c 'ulimit "$1" "$2" && shift 2 && exec "$@"' \
        limited "$@"
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    seq 50 >"$BATS_TEST_TMPDIR/in"
    seq 50 | awk '{ print $1 * $1 }' >"$BATS_TEST_TMPDIR/good"
}

@test "any number of descriptors" {
    local most=60 good=0
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "the sanitizers need some"
    for method in forkserver spawn fork thread; do
        for files in $(seq 8 "$most"); do
            status=0
            limited -n "$files" sopool map -j 3 --start-method "$method" \
                math.square "$BATS_TEST_TMPDIR/in" >"$out" 2>"$err" || status=$?
            fine
            [ "$status" -ne 0 ] || good=$((good + 1))
        done
        [ "$status" -eq 0 ]
    done
    [ "$good" -gt 20 ]
}

@test "too few descriptors have a message that says so" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "the sanitizers need some"
    for files in 8 12 16; do
        run --separate-stderr limited -n $files sopool map -j 1 math.square in
        [ "$status" -ne 0 ]
        [[ $stderr == *"Too many open files"* ]]
    done
}

@test "no worker gets out of hand for want of descriptors" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "the sanitizers need some"
    yes 30000 | head -8 >naps
    # Those that are low, as some must not be, are taken.
    exec 4</dev/null 5<&4 6<&4 7<&4 8<&4 9<&4 10<&4 11<&4 12<&4 13<&4 14<&4
    for files in $(seq 34 2 60); do
        status=0
        limited -n "$files" sopool map -j 8 --timeout 300ms \
            --plugin-path "$SOPOOL_TEST_PLUGINS" faults.nap naps \
            >"$out" 2>"$err" || status=$?
        [ "$status" -ne 137 ]
        fine
    done
    exec 4<&- 5<&- 6<&- 7<&- 8<&- 9<&- 10<&- 11<&- 12<&- 13<&- 14<&-
}

@test "many workers whose requests fill the sockets" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "the sanitizers come first"
    cat >narrow.c <<'END'
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As few bytes under way as there may be. */
int socketpair(int domain, int type, int protocol, int pair[2])
{
    int status = (int)syscall(SYS_socketpair, domain, type, protocol, pair);
    int size = 1;

    if (status != 0)
        return status;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    return 0;
}
END
    "${SOPOOL_TEST_CC%% *}" -shared -fPIC -o narrow.so narrow.c
    LD_PRELOAD=$PWD/narrow.so timeout -s KILL 60 sopool map -j 120 \
        math.square in >"$out"
    cmp good "$out"
}

@test "any number of processes" {
    [ "$(id -u)" -eq 0 ] || skip "needs root, to be another user"
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "another user writes no reports"
    command -v setpriv >/dev/null || skip "no setpriv"
    setpriv --reuid=54321 --clear-groups test -x "$SOPOOL_WORKER" ||
        skip "other users do not see this build"
    for method in forkserver spawn fork thread; do
        for processes in 1 2 3 4 5 6 7 8 12; do
            status=0
            # Of that user there are no others.
            timeout -s KILL 60 setpriv --reuid=54321 --clear-groups \
                prlimit --nproc="$processes" sopool map -j 3 \
                --start-method "$method" math.square \
                <"$BATS_TEST_TMPDIR/in" >"$out" 2>"$err" || status=$?
            fine
        done
        [ "$status" -eq 0 ]
    done
}

@test "files that may not grow" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "the sanitizers write files"
    for blocks in 0 1 10 100 1000 10000; do
        status=0
        limited -f "$blocks" sopool map -j 2 math.square \
            "$BATS_TEST_TMPDIR/in" >"$out" 2>"$err" || status=$?
        # What is said goes to a file, too.
        [ "$blocks" -eq 0 ] && [ "$status" -gt 0 ] && [ "$status" -le 3 ] || fine
    done
    [ "$status" -eq 0 ]
}

@test "a plugin that is deleted or replaced while it is used" {
    mkdir -m 755 "$BATS_TEST_TMPDIR/plugins"
    for how in delete replace; do
        cp "$SOPOOL_TEST_PLUGINS/good.so" "$BATS_TEST_TMPDIR/plugins/"
        cp "$SOPOOL_TEST_PLUGINS/faults.so" "$BATS_TEST_TMPDIR/plugins/"
        mkfifo "$BATS_TEST_TMPDIR/$how"
        sopool map --plugin-path "$BATS_TEST_TMPDIR/plugins" --chunksize 1 \
            --maxtasksperchild 3 -j 2 faults.nap "$BATS_TEST_TMPDIR/$how" \
            >"$out" 2>"$err" &
        exec 7>"$BATS_TEST_TMPDIR/$how"
        seq 10 >&7
        while [ "$(wc -l <"$out")" -lt 10 ]; do sleep 0.05; done
        case $how in
        delete) rm "$BATS_TEST_TMPDIR/plugins/faults.so" ;;
        replace)
            mv "$BATS_TEST_TMPDIR/plugins/good.so" \
                "$BATS_TEST_TMPDIR/plugins/faults.so"
            ;;
        esac
        seq 11 30 >&7
        exec 7>&-
        wait $!
        cmp "$out" <(seq 30)
        rm -rf "$BATS_TEST_TMPDIR/plugins"/*
    done
}
