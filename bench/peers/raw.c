/* raw.c - the physical limits: what two or three processes can do with shared
 * memory and nothing else. Each worker has a ring of requests and a ring of
 * responses; nothing is checked, nothing survives a crash.
 *
 *     raw SCENARIO ...
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { SLOTS = 16, CHUNK = 1000, WORKERS = 2 };

extern char **environ;

static inline void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static void *shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (at == MAP_FAILED)
        fail("mmap");
    return at;
}

/* In the child: dies with the parent. */
static bool in_child(void)
{
    pid_t pid = fork();

    if (pid < 0)
        fail("fork");
    if (pid == 0)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid == 0;
}

/* ---- hand-overs -------------------------------------------------------- */

struct slot {
    _Alignas(64) _Atomic uint32_t full;
    int64_t value;
};

struct rings {
    struct slot request[SLOTS], response[SLOTS];
};

static void answer_spinning(struct rings *rings)
{
    for (uint64_t i = 0;; i++) {
        struct slot *in = &rings->request[i % SLOTS];
        struct slot *out = &rings->response[i % SLOTS];

        while (atomic_load_explicit(&in->full, memory_order_acquire) == 0)
            pause_cpu();
        out->value = in->value;
        atomic_store_explicit(&in->full, 0, memory_order_release);
        atomic_store_explicit(&out->full, 1, memory_order_release);
    }
}

/* A round trip between two that are awake, in nanoseconds. */
static double handover(char **args)
{
    const long count = number_of(args[0]);
    struct rings *rings = shared(sizeof(*rings));
    int64_t began = 0;

    if (in_child())
        answer_spinning(rings);
    for (long i = -count / 10; i < count; i++) {
        struct slot *out, *in;

        if (i == 0)
            began = now_ns();
        /* Both begin at the same slot. */
        out = &rings->request[(uint64_t)(i + count / 10) % SLOTS];
        in = &rings->response[(uint64_t)(i + count / 10) % SLOTS];
        out->value = i;
        atomic_store_explicit(&out->full, 1, memory_order_release);
        while (atomic_load_explicit(&in->full, memory_order_acquire) == 0)
            pause_cpu();
        if (in->value != i)
            exit(1);
        atomic_store_explicit(&in->full, 0, memory_order_release);
    }
    return (double)(now_ns() - began) / (double)count;
}

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    (void)syscall(SYS_futex, (uint32_t *)word, op, value, NULL, NULL, 0);
}

static void wait_for(_Atomic uint32_t *word)
{
    while (atomic_load(word) == 0)
        futex(word, FUTEX_WAIT, 0);
    atomic_store(word, 0);
}

static void wake(_Atomic uint32_t *word)
{
    atomic_store(word, 1);
    futex(word, FUTEX_WAKE, 1);
}

/* A round trip between two that sleep, in nanoseconds. */
static double asleep(char **args)
{
    const size_t count = (size_t)number_of(args[0]);
    struct rings *rings = shared(sizeof(*rings));
    int64_t *times = calloc(count, sizeof(*times));

    if (in_child())
        for (;;) {
            wait_for(&rings->request[0].full);
            wake(&rings->response[0].full);
        }
    for (size_t i = 0; i < count; i++) {
        nap_us(2000);
        times[i] = -now_ns();
        wake(&rings->request[0].full);
        wait_for(&rings->response[0].full);
        times[i] += now_ns();
    }
    return (double)median_ns(times, count);
}

/* ---- a map in chunks --------------------------------------------------- */

struct chunk {
    _Alignas(64) _Atomic uint32_t full;
    uint32_t count;
    size_t first;
    int64_t item[CHUNK];
};

struct chunk_rings {
    struct chunk request[SLOTS], response[SLOTS];
};

static void wait_chunk(const _Atomic uint32_t *full, uint32_t what)
{
    for (int i = 0; atomic_load_explicit(full, memory_order_acquire) != what;
         i++)
        if (i < 50)
            pause_cpu();
        else
            (void)sched_yield();
}

static void answer_chunks(struct chunk_rings *rings)
{
    for (uint64_t i = 0;; i++) {
        struct chunk *in = &rings->request[i % SLOTS];
        struct chunk *out = &rings->response[i % SLOTS];

        wait_chunk(&in->full, 1);
        wait_chunk(&out->full, 0);
        for (uint32_t k = 0; k < in->count; k++)
            out->item[k] = in->item[k] * 3;
        out->first = in->first;
        out->count = in->count;
        atomic_store_explicit(&in->full, 0, memory_order_release);
        atomic_store_explicit(&out->full, 1, memory_order_release);
    }
}

/* The parent's side of one worker. */
struct line {
    struct chunk_rings *rings;
    uint64_t sent, got;
};

static size_t send_chunk(struct line *line, const int64_t *in, size_t first,
                         size_t count)
{
    struct chunk *to = &line->rings->request[line->sent % SLOTS];

    if (first == count || line->sent - line->got == SLOTS ||
        atomic_load_explicit(&to->full, memory_order_acquire) != 0)
        return 0;
    to->count = count - first < CHUNK ? (uint32_t)(count - first) : CHUNK;
    to->first = first;
    memcpy(to->item, in + first, to->count * sizeof(*in));
    atomic_store_explicit(&to->full, 1, memory_order_release);
    line->sent++;
    return to->count;
}

static size_t receive_chunk(struct line *line, int64_t *out)
{
    struct chunk *from = &line->rings->response[line->got % SLOTS];
    size_t count = from->count;

    if (line->got == line->sent ||
        atomic_load_explicit(&from->full, memory_order_acquire) == 0)
        return 0;
    count = from->count;
    memcpy(out + from->first, from->item, count * sizeof(*out));
    atomic_store_explicit(&from->full, 0, memory_order_release);
    line->got++;
    return count;
}

/* Nanoseconds for an item of a map of that many. */
static double map(char **args)
{
    const size_t count = (size_t)number_of(args[0]);
    struct line line[WORKERS] = {0};
    int64_t *in = malloc(count * sizeof(*in));
    int64_t *out = malloc(count * sizeof(*out));
    size_t sent = 0, got = 0;
    int64_t began;

    for (int i = 0; i < WORKERS; i++) {
        line[i].rings = shared(sizeof(*line[i].rings));
        if (in_child())
            answer_chunks(line[i].rings);
    }
    nap_us(10000);
    for (size_t i = 0; i < count; i++) /* now: what is forked is not warm */
        out[i] = in[i] = (int64_t)i;
    began = now_ns();
    while (got < count) {
        size_t some = 0;

        for (int i = 0; i < WORKERS; i++) {
            size_t more = send_chunk(&line[i], in, sent, count);

            sent += more;
            some += more;
            more = receive_chunk(&line[i], out);
            got += more;
            some += more;
        }
        if (some == 0)
            (void)sched_yield();
    }
    began = now_ns() - began;
    if (out[count - 1] != (int64_t)(count - 1) * 3)
        exit(1);
    return (double)began / (double)count;
}

/* ---- calls, one by one ------------------------------------------------- */

/* What is the least that a call can be: a cache line that goes from the program
 * to the dispatcher and back. */
struct call {
    _Alignas(64) struct call *next;
    int64_t value;
    _Atomic uint32_t done;
};

struct dispatcher {
    struct line line[WORKERS];
    struct call *sent[WORKERS][SLOTS][CHUNK];
    _Atomic(struct call *) pushed; /* the last one first */
    size_t count;                  /* that it is to see done */
};

static void push_call(struct dispatcher *d, struct call *call)
{
    call->next = atomic_load_explicit(&d->pushed, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&d->pushed, &call->next, call,
                                                  memory_order_release,
                                                  memory_order_relaxed))
        ;
}

/* All that were pushed, the first one first. */
static struct call *take_calls(struct dispatcher *d)
{
    struct call *call =
        atomic_exchange_explicit(&d->pushed, NULL, memory_order_acquire);
    struct call *list = NULL;

    while (call != NULL) {
        struct call *next = call->next;

        call->next = list;
        list = call;
        call = next;
    }
    return list;
}

static size_t send_calls(struct line *line, struct call *sent[][CHUNK],
                         struct call **list)
{
    struct chunk *to = &line->rings->request[line->sent % SLOTS];
    struct call **note = sent[line->sent % SLOTS];
    uint32_t count = 0;

    if (*list == NULL || line->sent - line->got == SLOTS ||
        atomic_load_explicit(&to->full, memory_order_acquire) != 0)
        return 0;
    for (; *list != NULL && count < CHUNK; *list = (*list)->next) {
        to->item[count] = (*list)->value;
        note[count++] = *list;
    }
    to->count = count;
    atomic_store_explicit(&to->full, 1, memory_order_release);
    line->sent++;
    return count;
}

static size_t receive_calls(struct line *line, struct call *sent[][CHUNK])
{
    struct chunk *from = &line->rings->response[line->got % SLOTS];
    struct call **note = sent[line->got % SLOTS];
    size_t count;

    if (line->got == line->sent ||
        atomic_load_explicit(&from->full, memory_order_acquire) == 0)
        return 0;
    count = from->count;
    for (size_t i = 0; i < count; i++) {
        note[i]->value = from->item[i];
        atomic_store_explicit(&note[i]->done, 1, memory_order_release);
    }
    atomic_store_explicit(&from->full, 0, memory_order_release);
    line->got++;
    return count;
}

static void *dispatch(void *arg)
{
    struct dispatcher *d = arg;
    struct call *list = NULL;
    size_t done = 0;

    while (done < d->count) {
        size_t some = 0;

        if (list == NULL)
            list = take_calls(d);
        for (int i = 0; i < WORKERS; i++) {
            size_t more = receive_calls(&d->line[i], d->sent[i]);

            done += more;
            some += more + send_calls(&d->line[i], d->sent[i], &list);
        }
        if (some == 0)
            (void)sched_yield();
    }
    return NULL;
}

static int64_t calls_round(struct dispatcher *d, struct call *call,
                           size_t count)
{
    int64_t began = now_ns();

    for (size_t i = 0; i < count; i++) {
        call[i].value = (int64_t)i;
        atomic_store_explicit(&call[i].done, 0, memory_order_relaxed);
        push_call(d, &call[i]);
    }
    for (size_t i = 0; i < count; i++) {
        while (atomic_load_explicit(&call[i].done, memory_order_acquire) == 0)
            (void)sched_yield();
        if (call[i].value != (int64_t)i * 3)
            exit(1);
    }
    return now_ns() - began;
}

/* Nanoseconds for each of many calls that are submitted one by one, of the
 * second round, when memory is warm. */
static double calls(char **args)
{
    const size_t count = (size_t)number_of(args[0]);
    struct dispatcher *d = calloc(1, sizeof(*d));
    struct call *call = aligned_alloc(64, count * sizeof(*call));
    pthread_t thread;
    int64_t took;

    d->count = 2 * count;
    for (int i = 0; i < WORKERS; i++) {
        d->line[i].rings = shared(sizeof(*d->line[i].rings));
        if (in_child())
            answer_chunks(d->line[i].rings);
    }
    if (pthread_create(&thread, NULL, dispatch, d) != 0)
        fail("pthread_create");
    (void)calls_round(d, call, count);
    took = calls_round(d, call, count);
    (void)pthread_join(thread, NULL);
    return (double)took / (double)count;
}

/* ---- large data -------------------------------------------------------- */

/* Milliseconds to copy that many MiB twice, in memory that is warm. */
static double copy(char **args)
{
    const size_t size = (size_t)number_of(args[0]) << 20;
    char *at[3];
    int64_t times[9];

    for (int i = 0; i < 3; i++) {
        at[i] = malloc(size);
        memset(at[i], i, size);
    }
    for (int i = 0; i < 9; i++) {
        times[i] = -now_ns();
        memcpy(at[1], at[0], size);
        memcpy(at[2], at[1], size);
        times[i] += now_ns();
        at[0][i] = at[2][size / 2];
    }
    return (double)median_ns(times, 9) / 1e6;
}

/* ---- a schedule -------------------------------------------------------- */

/* Seconds that each of two processes takes for half of so many naps of 1 s and
 * of 1 ms: the best that any schedule could do. */
static double naps(char **args)
{
    const long longs = number_of(args[0]) / WORKERS;
    const long shorts = number_of(args[1]) / WORKERS;
    int64_t began = now_ns();

    for (int worker = 0; worker < WORKERS; worker++) {
        if (!in_child())
            continue;
        for (long i = 0; i < longs; i++)
            nap_us(1000000);
        for (long i = 0; i < shorts; i++)
            nap_us(1000);
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
    return (double)(now_ns() - began) / 1e9;
}

/* ---- processes --------------------------------------------------------- */

/* This program anew, in a role (see main), with that as its standard output. */
static pid_t spawn_as(const char *role, char *plugin, int out)
{
    char *const child[] = {(char *)"raw", (char *)(uintptr_t)role, plugin,
                           NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (posix_spawn(&pid, "/proc/self/exe", &actions, NULL, child, environ) !=
        0)
        fail("posix_spawn");
    (void)posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static void await_good(pid_t pid)
{
    int status;

    if (waitpid(pid, &status, 0) != pid || status != 0)
        exit(1);
}

/* Milliseconds until a new process with a plugin open has spoken. */
static double spawn_role(const char *role, char *plugin)
{
    int64_t began = now_ns();
    int pipes[2];
    pid_t pid;
    char byte;

    if (pipe(pipes) != 0)
        fail("pipe");
    pid = spawn_as(role, plugin, pipes[1]);
    if (read(pipes[0], &byte, 1) != 1)
        fail("read");
    began = now_ns() - began;
    await_good(pid);
    return (double)began / 1e6;
}

static double spawn(char **args)
{
    return spawn_role("child", args[0]);
}

/* The same, where the message comes from a child of that process: what a pool
 * cannot do without whose workers share the plugins that are open. */
static double spawn_fork(char **args)
{
    return spawn_role("server", args[0]);
}

static int spawned(const char *plugin)
{
    if (dlopen(plugin, RTLD_NOW | RTLD_LOCAL) == NULL)
        return 1;
    return write(STDOUT_FILENO, "", 1) == 1 ? 0 : 1;
}

static int spawned_server(const char *plugin)
{
    int status;
    pid_t pid;

    if (dlopen(plugin, RTLD_NOW | RTLD_LOCAL) == NULL || (pid = fork()) < 0)
        return 1;
    if (pid == 0)
        _exit(write(STDOUT_FILENO, "", 1) == 1 ? 0 : 1);
    return waitpid(pid, &status, 0) == pid ? status : 1;
}

/* Forks a child for each byte that comes; the child answers it and ends. */
static void serve_forks(int fd)
{
    char byte;

    (void)signal(SIGCHLD, SIG_IGN);
    while (read(fd, &byte, 1) == 1)
        if (fork() == 0)
            _exit(write(fd, &byte, 1) == 1 ? 0 : 1);
    _exit(0);
}

/* Children a second of a forkserver that has a plugin open, two at a time. */
static double forkserver(char **args)
{
    const long count = number_of(args[1]);
    int pair[2];
    int64_t began;
    char byte = 0;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
        fail("socketpair");
    if (in_child()) {
        (void)close(pair[0]);
        if (dlopen(args[0], RTLD_NOW | RTLD_LOCAL) == NULL)
            _exit(1);
        serve_forks(pair[1]);
    }
    (void)close(pair[1]);
    began = now_ns();
    for (long i = 0; i < count + WORKERS; i++) {
        if (i >= WORKERS && read(pair[0], &byte, 1) != 1)
            fail("read");
        if (i < count && write(pair[0], &byte, 1) != 1)
            fail("write");
    }
    return (double)count * 1e9 / (double)(now_ns() - began);
}

/* ---- what a pool cannot do without ------------------------------------- */

enum {
    CHANNEL = 512 * 1024,
    SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL
};

/* What the parent has of a child, and what it hands over. */
struct equipment {
    int fd[3]; /* the child's: its socket, its channel, its output */
    int control, output;
    _Atomic uint32_t *channel;
};

static void equip(struct equipment *own)
{
    int pair[2], pipes[2];

    own->fd[1] = memfd_create("channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (own->fd[1] < 0 || ftruncate(own->fd[1], CHANNEL) != 0 ||
        fcntl(own->fd[1], F_ADD_SEALS, SEALS) != 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
        pipe2(pipes, O_CLOEXEC) != 0)
        fail("equipment");
    own->channel =
        mmap(NULL, CHANNEL, PROT_READ | PROT_WRITE, MAP_SHARED, own->fd[1], 0);
    if (own->channel == MAP_FAILED)
        fail("mmap");
    own->control = pair[0];
    own->output = pipes[0];
    own->fd[0] = pair[1];
    own->fd[2] = pipes[1];
    own->channel[0] = 1; /* its call */
}

static void send_files(int sock, const int *fds, size_t count)
{
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(3 * sizeof(int))] = {0};
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = space,
                         .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
    if (sendmsg(sock, &msg, 0) != 1)
        fail("sendmsg");
}

static bool receive_files(int sock, int *fds, size_t count)
{
    _Alignas(struct cmsghdr) char space[CMSG_SPACE(3 * sizeof(int))];
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = space,
                         .msg_controllen = sizeof(space)};

    if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
        return false;
    memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), count * sizeof(int));
    return true;
}

/* The child: takes its call from its channel and answers there. */
static _Noreturn void run_equipped(const int *fd)
{
    _Atomic uint32_t *channel;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(fd[2], STDOUT_FILENO);
    (void)dup2(fd[2], STDERR_FILENO);
    channel = mmap(NULL, CHANNEL, PROT_READ | PROT_WRITE, MAP_SHARED, fd[1], 0);
    if (channel == MAP_FAILED)
        _exit(1);
    channel[CHANNEL / 8] = channel[0];
    _exit(write(fd[0], "", 1) == 1 ? 0 : 1);
}

static _Noreturn void serve_equipped(int sock)
{
    int fd[3];

    while (receive_files(sock, fd, 3)) {
        pid_t pid = fork();
        int pidfd;

        if (pid == 0)
            run_equipped(fd);
        pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        send_files(sock, &pidfd, 1);
        for (int i = 0; i < 3; i++)
            (void)close(fd[i]);
        (void)close(pidfd);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
    _exit(0);
}

static void start_equipped(struct equipment *own, int sock)
{
    equip(own);
    send_files(sock, own->fd, 3);
    for (int i = 0; i < 3; i++)
        (void)close(own->fd[i]);
}

/* Its answer, its pidfd, its end. */
static void finish_equipped(struct equipment *own, int sock)
{
    char byte;
    int pidfd;

    if (!receive_files(sock, &pidfd, 1) || read(own->control, &byte, 1) != 1 ||
        own->channel[CHANNEL / 8] != 1)
        fail("a child");
    (void)munmap((void *)own->channel, CHANNEL);
    (void)close(own->control);
    (void)close(own->output);
    (void)close(pidfd);
}

/* The same as forkserver, where each child has what a pool must give it: a
 * channel of its own that no other can write, a socket, a pipe for what it
 * prints, and a pidfd by which it can be ended and nobody else. */
static double equipped(char **args)
{
    const long count = number_of(args[1]);
    struct equipment ring[WORKERS];
    int64_t began;
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
        fail("socketpair");
    if (in_child()) {
        (void)close(pair[0]);
        if (dlopen(args[0], RTLD_NOW | RTLD_LOCAL) == NULL)
            _exit(1);
        serve_equipped(pair[1]);
    }
    (void)close(pair[1]);
    began = now_ns();
    for (long i = 0; i < count + WORKERS; i++) {
        if (i >= WORKERS)
            finish_equipped(&ring[i % WORKERS], pair[0]);
        if (i < count)
            start_equipped(&ring[i % WORKERS], pair[0]);
    }
    return (double)count * 1e9 / (double)(now_ns() - began);
}

/* Milliseconds from nothing to the first answer of children so equipped, of a
 * forkserver that is a new process and opens the plugin. */
static double spawn_equipped(char **args)
{
    struct equipment own[WORKERS];
    int64_t began = now_ns();
    int pair[2];
    pid_t pid;
    char byte;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        fail("socketpair");
    pid = spawn_as("equipped", args[0], pair[1]);
    (void)close(pair[1]);
    for (int i = 0; i < WORKERS; i++)
        start_equipped(&own[i], pair[0]);
    if (recv(own[0].control, &byte, 1, MSG_PEEK) != 1)
        fail("recv");
    began = now_ns() - began;
    for (int i = 0; i < WORKERS; i++)
        finish_equipped(&own[i], pair[0]);
    (void)close(pair[0]);
    await_good(pid);
    return (double)began / 1e6;
}

static int spawned_equipped(const char *plugin)
{
    if (dlopen(plugin, RTLD_NOW | RTLD_LOCAL) == NULL)
        return 1;
    serve_equipped(STDOUT_FILENO);
}

int main(int argc, char **argv)
{
    static const struct scenario scenarios[] = {
        {"handover", handover, 1},
        {"asleep", asleep, 1},
        {"map", map, 1},
        {"calls", calls, 1},
        {"copy", copy, 1},
        {"naps", naps, 2},
        {"spawn", spawn, 1},
        {"spawnfork", spawn_fork, 1},
        {"spawnequipped", spawn_equipped, 1},
        {"forkserver", forkserver, 2},
        {"equipped", equipped, 2},
        {NULL, NULL, 0},
    };

    if (argc == 3 && strcmp(argv[1], "child") == 0)
        return spawned(argv[2]);
    if (argc == 3 && strcmp(argv[1], "server") == 0)
        return spawned_server(argv[2]);
    if (argc == 3 && strcmp(argv[1], "equipped") == 0)
        return spawned_equipped(argv[2]);
    return run_scenario(scenarios, argc, argv);
}
