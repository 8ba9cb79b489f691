/* forkserver.c - a small process that opens the plugins once and forks a worker
 * for each request of the pool. It is their parent: it waits for them and tells
 * the pool how they ended. See launch.h.
 *
 * It runs one thread and ends when the pool's end of the socket closes; the
 * kernel then ends its workers (PR_SET_PDEATHSIG).
 */
#include "worker/launch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/libc.h"
#include "worker/crash.h"
#include "worker/tidy.h"

struct forkserver {
    int control;
    const struct leaving *leaving;
    int children; /* a signalfd for SIGCHLD */
    struct worker_setup setup;
    struct tasks tasks;
    struct tidy tidy; /* how things are for the workers */
};

static void tell_phase(void *ctx, enum phase phase, size_t plugin)
{
    const struct forkserver *server = ctx;

    (void)message_send(server->control, MESSAGE_PHASE, (int32_t)phase, plugin,
                       NULL, 0);
}

static int prepare(struct forkserver *server, sopool_error *err)
{
    sigset_t chld;

    if (setup_receive(&server->setup, server->control, err) != 0 ||
        tasks_open(&server->tasks, &server->setup, tell_phase, server, err) !=
            0)
        return -1;
    /* What is the same for all workers is done once, and inherited. */
    process_reset_signals();
    crash_watch(NULL);
    crash_know(&server->tasks);
    server->leaving->prepare();
    (void)fflush(NULL);
    if (tidy_init(&server->tidy, server->control) != 0)
        return error_nomem(err);
    /* Only now: a plugin's constructor has met the usual signal mask. */
    (void)sigemptyset(&chld);
    (void)sigaddset(&chld, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &chld, NULL);
    server->children = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
    if (server->children < 0)
        return error_errno(err, "cannot watch for the workers' ends");
    return 0;
}

/* The child: only its own three descriptors are left to it. */
static _Noreturn void run_child(struct forkserver *server, pid_t parent,
                                uint64_t id, const int fds[3])
{
    struct worker worker = {
        .setup = &server->setup,
        .tasks = &server->tasks,
        .tidy = &server->tidy,
        .control = fds[0],
        .id = id,
        .process = true,
    };

    (void)pthread_sigmask(SIG_SETMASK, &server->tidy.order->blocked, NULL);
    (void)close(server->control);
    (void)close(server->children);
    if (!process_settle_again(parent, fds[2]) ||
        channel_attach(&worker.shared, fds[1], NULL) != 0)
        _exit(1);
    (void)close(fds[1]);
    (void)close(fds[2]);
    server->leaving->leave(worker_run(&worker));
    _exit(1); /* not reached */
}

static void start_worker(struct forkserver *server, uint64_t id,
                         const int fds[3])
{
    pid_t parent = getpid();
    pid_t pid = fork();
    int pidfd;

    if (pid == 0)
        run_child(server, parent, id, fds);
    pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;
    if (pidfd < 0) {
        int why = errno;

        if (pid > 0)
            (void)kill(pid, SIGKILL);
        (void)message_send(server->control, MESSAGE_FORK_FAILED, why, id, NULL,
                           0);
        return;
    }
    (void)message_send(server->control, MESSAGE_FORKED, pid, id, &pidfd, 1);
    (void)close(pidfd);
}

/* Tells of the workers that ended. What a worker left behind in its group goes
 * with it; while it is not waited for, the group's id cannot be another's. */
static void reap(const struct forkserver *server)
{
    struct signalfd_siginfo seen;
    siginfo_t info;

    while (read(server->children, &seen, sizeof(seen)) > 0)
        ;
    for (;;) {
        struct rusage usage = {0};
        int status = 0;
        pid_t pid;

        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            info.si_pid == 0)
            return;
        pid = info.si_pid;
        (void)kill(-pid, SIGKILL);
        (void)wait4(pid, &status, 0, &usage);
        (void)message_send(server->control, MESSAGE_USAGE,
                           (int32_t)usage.ru_maxrss,
                           (uint64_t)pid << 32 | usage_ms(&usage), NULL, 0);
        (void)message_send(server->control, MESSAGE_EXITED, status,
                           (uint64_t)pid, NULL, 0);
    }
}

/* One message of the pool: 0 when it has gone. */
static int serve_one(struct forkserver *server)
{
    struct message message;
    struct message_fds fds;
    int got = message_receive(server->control, &message, &fds, 1);

    if (got <= 0)
        return 0;
    if (message.kind == MESSAGE_START && fds.count == 3)
        start_worker(server, message.number, fds.fd);
    message_close(&fds);
    return 1;
}

static void serve(struct forkserver *server)
{
    struct pollfd polled[2] = {
        {.fd = server->control, .events = POLLIN},
        {.fd = server->children, .events = POLLIN},
    };

    for (;;) {
        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            return;
        if (polled[1].revents != 0)
            reap(server);
        if (polled[0].revents != 0 && serve_one(server) == 0)
            return;
    }
}

int forkserver_serve(int control, const struct leaving *leaving)
{
    struct forkserver server = {
        .control = control,
        .leaving = leaving,
        .children = -1,
    };
    sopool_error err = {0};
    int status = 0;

    if (prepare(&server, &err) != 0) {
        (void)message_send_text(control, MESSAGE_FAILED, err.code, err.message);
        status = 1;
    } else if (message_send(control, MESSAGE_READY, 0, 0, NULL, 0) == 0) {
        serve(&server);
    }
    tidy_finish(&server.tidy);
    tasks_finish(&server.tasks);
    setup_finish_received(&server.setup);
    return status;
}
