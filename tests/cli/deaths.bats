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

# dies TASK [ARG]: what is said of a task of the plugin below.
dies() {
    printf '[%s]\n' "${2-}" >"$BATS_TEST_TMPDIR/args"
    run sopool starmap --plugin-path "$BATS_TEST_TMPDIR/plugins" "faults2.$1" \
        "$BATS_TEST_TMPDIR/args"
    [ "$status" -eq 1 ]
    has "sopool: $BATS_TEST_TMPDIR/args:1: faults2.$1("
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

# ways: builds the plugin whose one task dies in the way that it is told.
ways() {
    plugin "${SOPOOL_TEST_CC%% *}" ways.c <<'END_C'
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sopool/task.h>
#include <stdlib.h>
#include <unistd.h>

static __attribute__((noinline)) int64_t look(const volatile char *at)
{
    return *at;
}

static __attribute__((noinline)) int64_t outer(const volatile char *at)
{
    return look(at) + 1;
}

static __attribute__((noinline)) int compare(const void *a, const void *b)
{
    return (int)look((const char *)3) + (a < b);
}

static void *stay(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static void end_thread(int leave_one)
{
    pthread_t thread;

    if (leave_one)
        pthread_create(&thread, NULL, stay, NULL);
    pthread_exit(NULL);
}

static volatile int64_t result;
static void (*volatile nothing)(void);

static void die(const char *how)
{
    int numbers[] = {4, 3, 2, 1};

    if (strcmp(how, "caller") == 0)
        result = outer((const char *)0x7b);
    if (strcmp(how, "null") == 0)
        nothing();
    if (strcmp(how, "library") == 0)
        qsort(numbers, 4, sizeof(int), compare);
    if (strcmp(how, "trap") == 0)
        __builtin_trap();
    if (strcmp(how, "raise") == 0)
        raise(SIGFPE);
    if (strcmp(how, "exit") == 0)
        exit(7);
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(5);
    if (strcmp(how, "thread") == 0)
        end_thread(0);
    if (strcmp(how, "one thread") == 0)
        end_thread(1);
    if (strcmp(how, "alarm") == 0)
        kill(getpid(), SIGALRM);
    if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(how, "hang") == 0)
        stay(NULL);
    while (strcmp(how, "spin") == 0)
        result++;
}

SOPOOL_TASK(die, str, "Dies in the way that it is told.", (str, how))
{
    char text[32] = "";

    memcpy(text, a->how.ptr, a->how.size < 31 ? (size_t)a->how.size : 31);
    die(text);
    *out = a->how;
    return SOPOOL_OK;
}

SOPOOL_TASK(fill, u64, "Fills so many MiB.", (u64, mib))
{
    static void **kept;

    for (uint64_t i = 0; i < a->mib; i++) {
        void **piece = (void **)malloc(1 << 20);

        memset(piece, 1, 1 << 20);
        *piece = kept; /* a list: not lost, only never given back */
        kept = piece;
    }
    *out = a->mib;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(ways, "1", die, fill);
END_C
}

# death HOW OPTIONS... -- WORD...: of three inputs the second dies, with those
# words in what is said of it; the others have their results.
death() {
    local how=$1 options=()
    shift
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    printf 'a\n%s\nb\n' "$how" >"$BATS_TEST_TMPDIR/in"
    run --separate-stderr sopool map --chunksize 3 \
        --plugin-path "$BATS_TEST_TMPDIR/plugins" "${options[@]}" \
        ways.die "$BATS_TEST_TMPDIR/in"
    [ "$status" -eq 1 ]
    is $'a\nb'
    output=$(grep "^sopool: $BATS_TEST_TMPDIR/in:2: ways.die(\"$how\"): " \
        <<<"$stderr")
    has "$@"
}

@test "every way to die has its message and its input line" {
    ways
    for method in forkserver spawn fork; do
        [ -z "$SOPOOL_TEST_SANITIZED" ] || [ "$method" != fork ] || continue
        local by=(--start-method "$method")
        death caller "${by[@]}" -- "SIGSEGV (Segmentation fault) at address 0x7b in look+0x" ", called from outer+0x" ", die+0x"
        death null "${by[@]}" -- "SIGSEGV" "in no code at 0x0, called from die+0x" "(ways.so+0x"
        death library "${by[@]}" -- "in look+0x" ", called from compare+0x" ", die+0x"
        death trap "${by[@]}" -- " in die+0x"
        death raise "${by[@]}" -- "SIGFPE (Floating point exception) in die+0x"
        death exit "${by[@]}" -- "exited with status 7 in the middle of the call"
        death _exit "${by[@]}" -- "exited with status 0 in the middle of the call"
        death quick_exit "${by[@]}" -- "exited with status 5 in the middle of the call"
        death thread "${by[@]}" -- "the task ended the worker's thread, by pthread_exit()"
        death "one thread" "${by[@]}" -- "the task ended the worker's thread"
        death alarm "${by[@]}" -- "SIGALRM (Alarm clock)"
        death kill "${by[@]}" -- "SIGKILL (Killed): by 'kill -9' or the like"
        death hang "${by[@]}" --timeout 100ms -- "the call took longer than its time limit of 100 ms"
        death spin "${by[@]}" --timeout 100ms -- "the call took longer than its time limit of 100 ms"
    done
    death thread --start-method thread -- "the task ended the worker's thread"
}

@test "a call has its time, however late its worker says when it began" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "the sanitizers come first"
    # Stands for a worker that has to wait for a processor after it has rung.
    cd "$BATS_TEST_TMPDIR" || return
    cat >late.c <<'END'
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);

    usleep(500);
    return sent;
}
END
    "${SOPOOL_TEST_CC%% *}" -shared -fPIC -o late.so late.c
    yes 200 | head -8 >in
    LD_PRELOAD=$PWD/late.so sopool map --timeout 380ms --chunksize 8 -j 1 \
        --plugin-path "$SOPOOL_TEST_PLUGINS" faults.nap <in >got
    cmp in got
}

@test "workers that are long about their end do not pile up" {
    local most=0 now
    plugin "${SOPOOL_TEST_CC%% *}" slow.c <<'END'
#include <sopool/task.h>
#include <unistd.h>
static __attribute__((destructor)) void linger(void) { usleep(1000000); }
SOPOOL_TASK(same, i64, "The number.", (i64, x))
{
    (void)call;
    *out = a->x;
    return SOPOOL_OK;
}
SOPOOL_PLUGIN(slow, "1", same);
END
    cd "$BATS_TEST_TMPDIR" || return
    seq 70 >in
    marked sopool map --maxtasksperchild 1 -j 1 \
        --plugin-path "$BATS_TEST_TMPDIR/plugins" slow.same <in >got &
    while kill -0 $! 2>/dev/null; do
        now=$(grep -slzxF "SOPOOL_TEST_MARK=$BATS_TEST_TMPDIR" \
            /proc/[0-9]*/environ | wc -l) || true
        [ "$now" -le "$most" ] || most=$now
        sleep 0.1
    done
    wait $!
    cmp in got
    echo "$most at once"
    [ "$most" -gt 5 ]
    [ "$most" -le 28 ]
}

@test "a signal without a name has its number" {
    plugin "${SOPOOL_TEST_CC%% *}" odd.c <<'END'
#include <signal.h>
#include <sopool/task.h>
SOPOOL_TASK(end, bool, "Raises a real-time signal.")
{
    (void)call;
    raise(40);
    *out = true;
    return SOPOOL_OK;
}
SOPOOL_PLUGIN(odd, "1", end);
END
    run --separate-stderr sopool apply \
        --plugin-path "$BATS_TEST_TMPDIR/plugins" odd.end
    [ "$status" -eq 1 ]
    [[ $stderr == *"was ended by signal 40"* ]]
}

@test "a limit of processor time is named" {
    ways
    printf 'limits: {cpu: 1s}\n' >"$BATS_TEST_TMPDIR/cpu.yaml"
    death spin --config "$BATS_TEST_TMPDIR/cpu.yaml" -- \
        "SIGXCPU" "it used up its limit of processor time"
}

@test "a task that meets the memory limit is told so" {
    [ -z "$SOPOOL_TEST_SANITIZED" ] || skip "the sanitizers need more memory"
    ways
    printf 'limits: {memory: 256M}\n' >"$BATS_TEST_TMPDIR/memory.yaml"
    printf '1\n1000\n2\n' >"$BATS_TEST_TMPDIR/in"
    run --separate-stderr sopool map -c "$BATS_TEST_TMPDIR/memory.yaml" \
        --plugin-path "$BATS_TEST_TMPDIR/plugins" ways.fill "$BATS_TEST_TMPDIR/in"
    [ "$status" -eq 1 ]
    is $'1\n2'
    output=$stderr
    has "$BATS_TEST_TMPDIR/in:2: ways.fill(\"1000\"): " "SIGSEGV" \
        "its memory was limited to 256 MiB"
}

@test "the kernel's out-of-memory killer is named" {
    group=/sys/fs/cgroup/memory/sopool-test-$$
    mkdir "$group" 2>/dev/null || skip "needs a cgroup of its own"
    echo 300M >"$group/memory.limit_in_bytes" || skip "no memory controller"
    ways
    printf '1\n1000\n2\n' >"$BATS_TEST_TMPDIR/in"
    run --separate-stderr bash -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' \
        in_group "$group" sopool map --plugin-path "$BATS_TEST_TMPDIR/plugins" \
        ways.fill "$BATS_TEST_TMPDIR/in"
    rmdir "$group" || { sleep 1 && rmdir "$group"; }
    [ "$status" -eq 1 ]
    is $'1\n2'
    output=$stderr
    has "$BATS_TEST_TMPDIR/in:2: ways.fill(\"1000\"): " "SIGKILL" \
        "by the kernel, which has just killed a process for want of memory"
}

@test "a worker program of another version says so" {
    local method
    printf '#!/bin/sh\nexec "%s" "$1" "$2" 0.0.1\n' "$SOPOOL_WORKER" \
        >"$BATS_TEST_TMPDIR/worker"
    chmod 755 "$BATS_TEST_TMPDIR/worker"
    for method in forkserver spawn; do
        SOPOOL_WORKER=$BATS_TEST_TMPDIR/worker run sopool apply \
            --start-method $method math.square 3
        ends 3
        has "the worker program is that of sopool " \
            ", the library is 0.0.1: start the program that uses it again, or"
    done
}
