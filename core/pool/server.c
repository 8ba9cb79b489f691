/* server.c - the pool's side of its forkserver. See pool.h. */
#include "pool/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/libc.h"

static int launch_server(struct sopool_pool *pool, int control,
                         sopool_error *err)
{
    struct server *server = &pool->server;
    struct launch how = {
        .threads_per_worker = pool->options->threads_per_worker,
        .control = control,
        .output = STDERR_FILENO,
    };
    struct launched launched;

    if (launch_forkserver(&how, &launched, err) != 0)
        return -1;
    server->pid = launched.pid;
    server->pidfd = launched.pidfd;
    if (watch_add(pool, server->control, &server->on_control) != 0)
        return error_errno(err, "cannot watch the forkserver's control socket");
    return 0;
}

int server_start(struct sopool_pool *pool, sopool_error *err)
{
    struct server *server = &pool->server;
    int pair[2];
    int status;

    if (message_pair(pair, err) != 0)
        return -1;
    server->control = pair[0];
    server->on_control = (struct watch){WATCH_SERVER, server};
    server->limit_at = clock_now() + START_SECONDS * NS_PER_S;
    status = launch_server(pool, pair[1], err);
    (void)close(pair[1]);
    /* While its program starts. One that has ended already is about to be seen
     * to have. */
    if (status == 0 && setup_send(&pool->setup, server->control, err) != 0 &&
        !message_refused())
        return -1;
    return status;
}

/* A worker that was asked for and will not be, as far as is known: no fault of
 * its own. */
static void drop(struct member *m)
{
    struct sopool_pool *pool = m->pool;

    member_take_back(m); /* it may have been forked all the same, and run */
    m->status_known = true;
    m->wait_status = -1;
    if (m->ended_by == 0)
        m->ended_by = pool_state(pool) == POOL_TERMINATED ? SOPOOL_BY_TERMINATE
                                                          : SOPOOL_BY_POOL;
    if (!pool->server.ready)
        pool->stats.started--;
    member_died(m);
}

static void drop_unknown(struct sopool_pool *pool)
{
    for (struct member *m = pool->members, *next; m != NULL; m = next) {
        next = m->next;
        if (member_is_unknown(m))
            drop(m);
    }
}

void server_stop(struct sopool_pool *pool)
{
    struct server *server = &pool->server;

    if (server->control >= 0) {
        drop_unknown(pool);
        (void)epoll_ctl(pool->epoll, EPOLL_CTL_DEL, server->control, NULL);
        (void)close(server->control);
        server->control = -1;
    }
    server->ready = false;
    if (server->pidfd < 0)
        return;
    (void)pidfd_send_signal(server->pidfd, SIGKILL, NULL, 0);
    (void)waitid(P_PIDFD, (id_t)server->pidfd, NULL, WEXITED);
    (void)close(server->pidfd);
    server->pidfd = -1;
}

/* ---- its messages ------------------------------------------------------ */

static void forked(struct sopool_pool *pool, const struct message *message,
                   struct message_fds *fds)
{
    struct member *m = member_by_id(pool, message->number);
    int pidfd = -1;

    if (m == NULL || m->pid != 0)
        return;
    if (fds->count == 1) {
        pidfd = fd_high(fds->fd[0]);
        fds->count = 0;
    }
    (void)member_forked(m, message->value, pidfd);
}

static void fork_failed(struct sopool_pool *pool, const struct message *message)
{
    struct member *m = member_by_id(pool, message->number);
    sopool_error err;

    if (m == NULL)
        return;
    errno = message->value;
    (void)error_errno(&err, "the forkserver cannot fork a worker");
    err.code = SOPOOL_E_BROKEN;
    drop(m);
    start_failed(pool, false, &err);
}

static void used(struct sopool_pool *pool, const struct message *message)
{
    struct member *m = member_by_pid(pool, (pid_t)(message->number >> 32));

    if (m == NULL)
        return;
    m->usage_known = true;
    m->usage_kib = (uint32_t)message->value;
    m->usage_ms = (uint32_t)message->number;
}

static void exited(struct sopool_pool *pool, const struct message *message)
{
    struct member *m = member_by_pid(pool, (pid_t)message->number);

    if (m == NULL)
        return;
    m->wait_status = message->value;
    m->status_known = true;
    member_died(m);
}

static void failed(struct sopool_pool *pool, const struct message *message)
{
    sopool_error err;

    (void)error_set(&err,
                    message->value == SOPOOL_E_PLUGIN ? SOPOOL_E_PLUGIN
                                                      : SOPOOL_E_BROKEN,
                    "%s", message->text);
    start_failed(pool, true, &err);
    server_stop(pool); /* its end is not news any more, maybe after a reset */
}

static void handle(struct sopool_pool *pool, const struct message *message,
                   struct message_fds *fds)
{
    switch (message->kind) {
    case MESSAGE_PHASE:
        pool->server.phase = (enum phase)message->value;
        pool->server.phase_plugin = (size_t)message->number;
        break;
    case MESSAGE_READY:
        pool->server.ready = true;
        pool->server.limit_at = CLOCK_NEVER;
        for (struct member *m = pool->members; m != NULL; m = m->next)
            member_limit_start(m);
        break;
    case MESSAGE_FAILED:
        failed(pool, message);
        break;
    case MESSAGE_FORKED:
        forked(pool, message, fds);
        break;
    case MESSAGE_FORK_FAILED:
        fork_failed(pool, message);
        break;
    case MESSAGE_USAGE:
        used(pool, message);
        break;
    case MESSAGE_EXITED:
        exited(pool, message);
        break;
    default:
        break;
    }
}

/* ---- its death --------------------------------------------------------- */

/* Its workers die with it; nobody can say how they ended. Those that it has not
 * told of are dropped already. */
static void orphan_members(struct sopool_pool *pool)
{
    for (struct member *m = pool->members, *next; m != NULL; m = next) {
        next = m->next;
        if (!m->status_known) {
            m->status_known = true;
            m->wait_status = -1;
        }
        member_kill_process(m);
        if (m->gone || m->pidfd < 0)
            member_died(m);
    }
}

static void died(struct sopool_pool *pool)
{
    struct server *server = &pool->server;
    siginfo_t info = {0};
    bool was_ready = server->ready;
    sopool_error err;
    char what[512], name[SIGNAL_ROOM];

    (void)pidfd_send_signal(server->pidfd, SIGKILL, NULL, 0);
    (void)waitid(P_PIDFD, (id_t)server->pidfd, &info, WEXITED | WNOWAIT);
    phase_describe(pool, server->phase, server->phase_plugin, what,
                   sizeof(what));
    if (info.si_code == CLD_EXITED)
        (void)error_set(&err, SOPOOL_E_BROKEN,
                        "the forkserver exited with status %d %s",
                        info.si_status, was_ready ? "" : what);
    else
        (void)error_set(
            &err, SOPOOL_E_BROKEN, "the forkserver was ended by %s %s",
            cause_signal(info.si_status, name), was_ready ? "" : what);
    if (!was_ready && server->phase == PHASE_OPEN)
        err.code = SOPOOL_E_PLUGIN;
    server_stop(pool);
    orphan_members(pool);
    if (!pool->broken && pool_state(pool) != POOL_TERMINATED)
        start_failed(pool, !was_ready, &err);
}

void server_event(struct sopool_pool *pool)
{
    for (int i = 0; i < 256 && pool->server.control >= 0; i++) {
        struct message message;
        struct message_fds fds;
        int got = message_receive(pool->server.control, &message, &fds, 0);

        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            died(pool);
            return;
        }
        handle(pool, &message, &fds);
        message_close(&fds);
    }
}
