#!/usr/bin/env bats
# What the command says of tasks that die: the input line, the signal, and what
# the worker printed last.

load helper

# plugin COMPILER FILE: builds a plugin from the lines on stdin.
plugin() {
    command -v "$1" >/dev/null || skip "no $1"
    mkdir -p "$BATS_TEST_TMPDIR/plugins"
    chmod go-w "$BATS_TEST_TMPDIR/plugins"
    cat >"$BATS_TEST_TMPDIR/$2"
    (umask 022 && "$1" -g -I"$SOPOOL_TEST_SOURCE/sdk/include" -shared -fPIC \
        -o "$BATS_TEST_TMPDIR/plugins/${2%.*}.so" "$BATS_TEST_TMPDIR/$2")
}

# One input of three dies; the others have their results, whatever the method.
one_of_three_dies() {
    local method
    for method in forkserver spawn fork; do
        [ -z "$SOPOOL_TEST_SANITIZED" ] || [ "$method" != fork ] || continue
        printf '1\n2\n3\n' >"$BATS_TEST_TMPDIR/in"
        run --separate-stderr sopool map \
            --plugin-path "$BATS_TEST_TMPDIR/plugins" \
            --start-method "$method" "$1" "$BATS_TEST_TMPDIR/in"
        [ "$status" -eq 1 ]
        is $'1\n3'
        output=$(grep "^sopool: $BATS_TEST_TMPDIR/in:2: $1" <<<"$stderr")
        has SIGABRT "it last printed: " "$2"
    done
}

@test "an assertion's text is in the message" {
    plugin "${SOPOOL_TEST_CC%% *}" asserts.c <<'END'
#include <assert.h>
#include <sopool/task.h>

SOPOOL_TASK(odd, i64, "Asserts that x is odd.", (i64, x))
{
    assert(a->x % 2 == 1);
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(asserts, "1", odd);
END
    one_of_three_dies asserts.odd \
        "$BATS_TEST_TMPDIR/asserts.c:6: "
}

@test "the what() of an exception that nobody catches is in the message" {
    plugin g++ throws.cc <<'END'
#include <sopool/task.h>
#include <stdexcept>

SOPOOL_TASK(odd, i64, "Throws unless x is odd.", (i64, x))
{
    if (a->x % 2 != 1)
        throw std::runtime_error("the number is even");
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(throws, "1", odd);
END
    one_of_three_dies throws.odd \
        "instance of 'std::runtime_error'   what():  the number is even"
}

@test "what a task printed before it called exit() is in the message" {
    plugin "${SOPOOL_TEST_CC%% *}" exits.c <<'END'
#include <stdlib.h>
#include <sopool/task.h>

SOPOOL_TASK(odd, i64, "Ends the process unless x is odd.", (i64, x))
{
    if (a->x % 2 != 1) {
        printf("a line\nno license found\n");
        exit(7);
    }
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(exits, "1", odd);
END
    run sopool apply --plugin-path "$BATS_TEST_TMPDIR/plugins" exits.odd 2
    [ "$status" -eq 1 ]
    has "exited with status 7" "it last printed: no license found"
}

# dies TASK [ARG...]: what is said of a task of the plugin below.
dies() {
    run sopool apply --plugin-path "$BATS_TEST_TMPDIR/plugins" "faults2.$@"
    [ "$status" -eq 1 ]
}

@test "a fault is told with its address and the function it was in" {
    plugin "${SOPOOL_TEST_CC%% *}" faults2.c <<'END'
#define _GNU_SOURCE
#include <sopool/task.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile int sink;

static __attribute__((noinline)) int deeper(int n)
{
    volatile char room[2000];

    room[n % 2000] = 1;
    sink += room[0];
    return n == 0 ? 0 : deeper(n + 1) + sink;
}

SOPOOL_TASK(overflow, i64, "Uses up its stack.")
{
    *out = deeper(1);
    return SOPOOL_OK;
}

static __attribute__((noinline)) int64_t look(const volatile char *at)
{
    return *at;
}

SOPOOL_TASK(cut, i64, "Reads a mapping whose file was cut.")
{
    int fd = memfd_create("cut", 0);
    void *map;

    (void)!ftruncate(fd, 4096);
    map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    (void)!ftruncate(fd, 0);
    *out = look((const char *)map + 16);
    return SOPOOL_OK;
}

SOPOOL_TASK(wild, i64, "Reads where nothing is.")
{
    *out = look((const char *)0x7b);
    return SOPOOL_OK;
}

static __attribute__((noinline)) int64_t divide(int64_t x, int64_t y)
{
    return x / y;
}

SOPOOL_TASK(divide_by, i64, "7 divided by x.", (i64, x))
{
    *out = divide(7, a->x);
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(faults2, "1", overflow, cut, wild, divide_by);
END
    dies wild
    has "SIGSEGV (Segmentation fault) at address 0x7b in look+0x" "(faults2.so+0x"
    [[ $output != *stack* ]]
    dies cut
    has "SIGBUS (Bus error) at address 0x" "010 in look+0x"
    dies overflow
    has "SIGSEGV" "in deeper+0x" "used up its stack"
    case $(uname -m) in
    x86_64)
        dies divide_by 0
        has "SIGFPE (Floating point exception) in divide+0x"
        ;;
    esac
    strip "$BATS_TEST_TMPDIR/plugins/faults2.so"
    dies wild
    has "at address 0x7b in faults2.so+0x"
}
