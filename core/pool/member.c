/* member.c - one worker as the pool sees it. See pool.h. */
#include "pool/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/libc.h"
#include "pool/status.h"

/* Read from a worker in one go: a flood of messages must not hold up others. */
enum { MESSAGES = 256 };

/* ---- starting ---------------------------------------------------------- */

/* What a launch needs for a moment; closed when it is over. */
struct ends {
    int control;
    int memory;
    int output;
};

static void close_ends(struct ends *ends)
{
    if (ends->control >= 0)
        (void)close(ends->control);
    if (ends->memory >= 0)
        (void)close(ends->memory);
    if (ends->output >= 0)
        (void)close(ends->output);
}

static int make_output(const struct member *m, struct ends *ends,
                       sopool_error *err)
{
    int pipes[2];

    if (pipe2(pipes, O_CLOEXEC) != 0)
        return error_errno(err, "cannot make a pipe for a worker's output");
    ends->output = fd_high(pipes[1]);
    return logger_add(m->pool->logger, m->id, fd_high(pipes[0]), err);
}

static int make_ends(struct member *m, struct ends *ends, sopool_error *err)
{
    struct sopool_pool *pool = m->pool;
    struct shared *shared;
    int pair[2];

    if (channel_create(&shared, &ends->memory, err) != 0)
        return -1;
    parent_init(&m->end, shared);
    if (message_pair(pair, err) != 0)
        return -1;
    m->control = pair[0];
    ends->control = pair[1];
    ends->memory = fd_high(ends->memory);
    if (pool->logger != NULL && make_output(m, ends, err) != 0)
        return -1;
    if (watch_add(pool, m->control, &m->on_control) != 0)
        return error_errno(err, "cannot watch a worker's control socket");
    return 0;
}

/* In a forked child: what is the pool's is not the worker's. */
static void leave_pool(void *ctx)
{
    const struct member *own = ctx;
    const struct sopool_pool *pool = own->pool;

    (void)close(pool->epoll);
    (void)close(pool->wake);
    for (const struct member *m = pool->members; m != NULL; m = m->next) {
        if (m->control >= 0)
            (void)close(m->control);
        if (m->pidfd >= 0)
            (void)close(m->pidfd);
    }
    (void)close(own->control);
    status_leave(pool);
    buffers_leave();
}

/* Without a pidfd, by its id: its forkserver, which has not told of its end,
 * may have waited for it just now, but there is no better way. */
void member_kill_process(const struct member *m)
{
    if (m->pidfd >= 0)
        (void)pidfd_send_signal(m->pidfd, SIGKILL, NULL, 0);
    else if (m->pid > 0 && !m->gone)
        (void)kill(m->pid, SIGKILL);
}

static int launch(struct member *m, const struct ends *ends, sopool_error *err)
{
    struct sopool_pool *pool = m->pool;
    struct launch how = {
        .setup = &pool->setup,
        .shared = m->end.shared,
        .id = m->id,
        .owner = pool,
        .threads_per_worker = pool->options->threads_per_worker,
        .control = ends->control,
        .memory = ends->memory,
        .output = ends->output,
    };
    struct launched launched = {.pidfd = -1};
    pthread_t thread;

    switch (pool->options->start_method) {
    case START_FORKSERVER:
        return launch_by_forkserver(&how, pool->server.control, err);
    case START_THREAD:
        return launch_thread(&how, &thread, err);
    case START_FORK:
        if (launch_fork(&how, leave_pool, m, &launched, err) != 0)
            return -1;
        break;
    default:
        if (launch_spawn(&how, m->control, &launched, err) != 0)
            return -1;
    }
    if (member_forked(m, launched.pid, launched.pidfd) == 0)
        return 0;
    (void)error_errno(err, "cannot watch a worker");
    member_kill_process(m);
    (void)waitid(P_PIDFD, (id_t)m->pidfd, NULL, WEXITED);
    return -1;
}

/* Workers of one pool must not all retire at once: with several of them, each
 * gets up to an eighth fewer calls. */
static uint64_t budget_of(struct sopool_pool *pool)
{
    uint64_t most = pool->options->maxtasksperchild;

    if (most == 0)
        return UINT64_MAX;
    if (pool->processes == 1 || most < 8)
        return most;
    pool->jitter = pool->jitter * UINT64_C(6364136223846793005) + 1442695;
    return most - (pool->jitter >> 33) % (most / 8 + 1);
}

static struct member *member_new(struct sopool_pool *pool)
{
    struct member *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->pool = pool;
    m->id = pool->next_id++;
    m->born = clock_now();
    m->control = m->pidfd = -1;
    m->budget = budget_of(pool);
    /* Plugins are opened by the forkserver: nothing is to be done but run. */
    if (pool->options->start_method == START_FORKSERVER)
        m->phase = PHASE_RUN;
    m->on_control = (struct watch){WATCH_CONTROL, m};
    m->on_exit = (struct watch){WATCH_EXIT, m};
    m->limit_at = CLOCK_NEVER;
    return m;
}

void member_limit_start(struct member *m)
{
    if (m->state == MEMBER_STARTING)
        m->limit_at = clock_now() + START_SECONDS * NS_PER_S;
}

/* A forked worker may hold copies of these for a moment, and closing alone
 * would then not end the watching. */
static void close_watched(const struct sopool_pool *pool, int fd)
{
    if (fd < 0)
        return;
    (void)epoll_ctl(pool->epoll, EPOLL_CTL_DEL, fd, NULL);
    (void)close(fd);
}

static void member_free(struct member *m)
{
    close_watched(m->pool, m->control);
    close_watched(m->pool, m->pidfd);
    if (m->pool->logger != NULL)
        logger_forget(m->pool->logger, m->id);
    for (uint32_t i = 0; i < m->big_count; i++)
        (void)close(m->big[i].fd);
    channel_unmap(m->end.shared);
    warm_finish_member(m);
    buffers_finish_member(m);
    free(m);
}

/* The oldest stand first: they are ready first, and so fed first. */
static void append(struct sopool_pool *pool, struct member *m)
{
    struct member **at = &pool->members;

    while (*at != NULL)
        at = &(*at)->next;
    *at = m;
}

int member_start(struct sopool_pool *pool, sopool_error *err)
{
    struct ends ends = {-1, -1, -1};
    struct member *m = member_new(pool);
    int status;

    if (m == NULL)
        return error_nomem(err);
    status = make_ends(m, &ends, err);
    if (status == 0)
        status = launch(m, &ends, err);
    if (status == 0 && pool->options->start_method == START_THREAD) {
        m->pid = getpid();
        ends.control = -1; /* the thread's now */
    }
    close_ends(&ends);
    if (status != 0) {
        member_free(m);
        return status;
    }
    if (pool->options->start_method != START_FORKSERVER || pool->server.ready)
        member_limit_start(m);
    append(pool, m);
    pool->stats.started++;
    events_note(m, SOPOOL_WORKER_STARTED, clock_now(), NULL);
    return 0;
}

int member_forked(struct member *m, pid_t pid, int pidfd)
{
    m->pid = pid;
    m->pidfd = pidfd;
    /* It may have had its calls, and be ending by itself, before this is
     * known. */
    if (m->killed)
        member_kill_process(m);
    return watch_add(m->pool, pidfd, &m->on_exit);
}

struct member *member_by_id(struct sopool_pool *pool, uint64_t id)
{
    struct member *m = pool->members;

    while (m != NULL && m->id != id)
        m = m->next;
    return m;
}

bool member_is_unknown(const struct member *m)
{
    return m->pid == 0 && !m->status_known;
}

struct member *member_by_pid(struct sopool_pool *pool, pid_t pid)
{
    struct member *m = pool->members;

    while (m != NULL && m->pid != pid)
        m = m->next;
    return m;
}

/* ---- messages ---------------------------------------------------------- */

/* It says when; the pool may have been busy since then, and with its calls.
 * What cannot be is not taken. */
static int64_t ready_since(const struct member *m, uint64_t said)
{
    int64_t now = clock_now();

    return said >= (uint64_t)m->born && said <= (uint64_t)now ? (int64_t)said
                                                              : now;
}

static void became_ready(struct member *m, uint64_t said)
{
    /* It may have had its calls and be told to end before this is read. */
    if (!m->was_ready &&
        (m->state == MEMBER_STARTING || m->state == MEMBER_ENDING))
        events_note(m, SOPOOL_WORKER_READY, ready_since(m, said), NULL);
    m->was_ready = true;
    if (m->state != MEMBER_STARTING)
        return;
    m->state = MEMBER_READY;
    m->phase = PHASE_RUN;
    m->limit_at = CLOCK_NEVER;
    m->pool->ready++;
    m->pool->start_failures = 0;
    pthread_cond_broadcast(&m->pool->changed);
}

/* The worker says why it cannot start; it ends by itself. */
static void could_not_start(struct member *m, const struct message *message)
{
    sopool_error err;

    if (m->state != MEMBER_STARTING)
        return;
    if (m->phase == PHASE_INIT) {
        (void)error_set(&err, SOPOOL_E_BROKEN, "the initializer %s failed: %s",
                        m->pool->options->initializer, message->text);
    } else if (message->value == SOPOOL_E_PLUGIN) {
        (void)error_set(&err, SOPOOL_E_PLUGIN, "%s", message->text);
    } else {
        (void)error_set(&err, SOPOOL_E_BROKEN, "a worker could not start: %s",
                        message->text);
    }
    m->ended_by = SOPOOL_BY_POOL;
    if (m->id >= m->pool->reset_id)
        start_failed(m->pool, true, &err);
}

/* A task has left it in a state in which it must not run others. It ends by
 * itself; what it has not begun goes elsewhere. */
static void is_leaving(struct member *m)
{
    m->leaving = false;
    if (m->state != MEMBER_READY)
        return;
    m->pool->stats.replaced++;
    member_end(m);
    member_take_back(m);
}

static bool has_all_bigs(const struct member *m)
{
    return m->big_count == MEMBER_BIGS;
}

static void keep_big(struct member *m, const struct message *message,
                     struct message_fds *fds)
{
    if (fds->count != 1 || has_all_bigs(m))
        return;
    m->big[m->big_count++] =
        (struct big_result){message->number, message->value, fds->fd[0]};
    fds->count = 0;
}

/* While a result is read, nothing that takes calls back may be done: for an
 * honest worker that can wait until the result is read. */
static void handle(struct member *m, const struct message *message,
                   struct message_fds *fds)
{
    switch (message->kind) {
    case MESSAGE_PHASE:
        m->phase = (enum phase)message->value;
        m->phase_plugin = (size_t)message->number;
        if (m->phase == PHASE_LOAD || m->phase == PHASE_INIT)
            m->pool->sets_up = true;
        if (m->state == MEMBER_STARTING && m->phase == PHASE_INIT)
            m->limit_at = m->pool->options->timeout_ns == 0
                              ? CLOCK_NEVER
                              : clock_now() + m->pool->options->timeout_ns;
        break;
    case MESSAGE_READY:
        became_ready(m, message->number);
        break;
    case MESSAGE_FAILED:
        if (!m->reading)
            could_not_start(m, message);
        break;
    case MESSAGE_LEAVING:
        m->leaving = true;
        if (!m->reading)
            is_leaving(m);
        break;
    case MESSAGE_BIG:
        keep_big(m, message, fds);
        break;
    default: /* MESSAGE_RING: there is something in the channel */
        break;
    }
}

static void close_control(struct member *m)
{
    close_watched(m->pool, m->control);
    m->control = -1;
    if (m->pool->options->start_method == START_THREAD) {
        m->gone = m->status_known = parent_left(&m->end);
    } else if (!m->gone) {
        /* Most likely it is dying, and its exit is about to be seen. If not,
         * the time limits of its calls hold, and it ends after them. */
        m->closed = true;
        if (m->state == MEMBER_STARTING || m->inflight == 0)
            m->limit_at = clock_now() + CLOSED_MS * NS_PER_MS;
    }
}

/* False: there is none now. Whoever reads a result needs its file, which comes
 * among messages that the dispatcher waits for: it has to be told of them, as
 * they cannot wake it any more. */
static bool read_message(struct member *m)
{
    struct message message;
    struct message_fds fds;
    int got = message_receive(m->control, &message, &fds, 0);

    if (got < 0 && errno == EAGAIN)
        return false;
    if (got > 0) {
        handle(m, &message, &fds);
        message_close(&fds);
    } else {
        close_control(m);
    }
    if ((got <= 0 || message.kind != MESSAGE_BIG) && dispatcher_sleeps(m->pool))
        pool_wake(m->pool);
    return true;
}

static void broke_protocol(struct member *m, const char *why)
{
    m->broke = true;
    m->why = why;
    member_kill(m, SOPOOL_BY_POOL);
}

/* Not when there are as many files as are kept: these have results, which are
 * to be read first. */
static bool may_read_message(const struct member *m)
{
    return m->control >= 0 && !has_all_bigs(m);
}

void member_read_control(struct member *m)
{
    int left = MESSAGES;

    if (has_all_bigs(m) && !member_is_unknown(m) && !member_harvest(m) &&
        !m->broke && m->state != MEMBER_LOST)
        broke_protocol(m, "more files than results");
    while (left-- > 0 && may_read_message(m) && read_message(m))
        ;
}

static int take_big(struct member *m, uint64_t seq, uint32_t index)
{
    for (uint32_t i = 0; i < m->big_count; i++) {
        int fd = m->big[i].fd;

        if (m->big[i].seq != seq || (uint32_t)m->big[i].index != index)
            continue;
        memmove(&m->big[i], &m->big[i + 1],
                (m->big_count - i - 1) * sizeof(m->big[0]));
        m->big_count--;
        return fd;
    }
    return -1;
}

int member_big(struct member *m, uint64_t seq, uint32_t index)
{
    int left = MESSAGES;
    int fd = take_big(m, seq, index);

    while (fd < 0 && left-- > 0 && may_read_message(m) && read_message(m))
        fd = take_big(m, seq, index);
    return fd;
}

/* ---- results ----------------------------------------------------------- */

void member_has_answered(struct member *m, const struct handed *handed)
{
    m->inflight--;
    m->slow -= handed->slow;
}

/* -1 when the worker broke the protocol; `why` is then a static text. */
static int read_record(struct member *m, struct handed *handed,
                       const struct sent_range *range, struct record *record,
                       const char **why)
{
    uint32_t index;
    struct batch *batch = handed_next(handed, range, &index);

    if (detail_take(m, batch, index, record) != 0) {
        *why = "a result without the details that belong to it";
        return -1;
    }
    handed_answered(handed);
    settle_record(m, batch, index, record);
    return 0;
}

static bool read_results(struct member *m)
{
    struct record record;
    const char *why;
    bool some = false;
    int got;

    /* What is said of a call names its worker. */
    if (member_is_unknown(m))
        return false;
    while ((!some || m->inflight > 0) &&
           (got = parent_read(&m->end, &record, &why)) == 1) {
        struct handed *handed = &m->handed[record.seq % CHANNEL_SLOTS];
        const struct sent_range *range =
            &m->end.range[record.seq % CHANNEL_SLOTS];

        m->reading = true;
        if (record.numbers > 0)
            settle_numbers(m, handed, range, &record);
        else
            got = read_record(m, handed, range, &record, &why);
        m->reading = false;
        if (got < 0)
            break;
        parent_read_done(&m->end);
        if (range->answered == range->end)
            member_has_answered(m, handed);
        some = true;
    }
    if (some && m->pool->timing)
        m->answered_at = clock_now();
    if (got < 0)
        broke_protocol(m, why);
    else if (m->leaving)
        is_leaving(m);
    return some;
}

static bool retire_ranges(struct member *m)
{
    const char *why;
    uint64_t seq;
    bool some = false;
    int got;

    while ((got = parent_retire(&m->end, &seq, &why)) == 1) {
        const struct sent_range *range = &m->end.range[seq % CHANNEL_SLOTS];

        if (!range->taken) {
            uint32_t task = m->handed[seq % CHANNEL_SLOTS].task;
            uint64_t busy_ns = parent_busy(&m->end, seq);

            feed_learn(m->pool, task, range->answered, busy_ns);
            crowd_learn(m, task, busy_ns);
        }
        some = true;
    }
    if (got < 0)
        broke_protocol(m, why);
    crowd_sample(m);
    return some;
}

bool member_read(struct member *m)
{
    if (m->state == MEMBER_LOST || m->state == MEMBER_DEAD || m->broke)
        return false;
    if (m->end.sent - m->end.retired >= CHANNEL_SLOTS / 4)
        return member_harvest(m);
    if (!read_results(m))
        return false;
    parent_wake(&m->end);
    return true;
}

bool member_harvest(struct member *m)
{
    bool some;

    if (m->state == MEMBER_LOST || m->state == MEMBER_DEAD || m->broke)
        return false;
    some = read_results(m);
    if (!m->broke && m->state != MEMBER_LOST)
        some = retire_ranges(m) || some;
    if (some)
        parent_wake(&m->end); /* it may wait for room */
    return some;
}

bool member_rings(struct member *m)
{
    bool news = !m->rings && parent_sleep(&m->end);

    m->rings = true;
    return news;
}

void member_hush(struct member *m)
{
    if (m->rings)
        parent_awake(&m->end);
    m->rings = false;
}

/* ---- ending ------------------------------------------------------------ */

void member_kill(struct member *m, int ended_by)
{
    if (m->ended_by == 0)
        m->ended_by = ended_by;
    if (m->state == MEMBER_READY)
        m->pool->ready--;
    if (m->pool->options->start_method == START_THREAD) {
        if (m->state != MEMBER_LOST && m->state != MEMBER_DEAD)
            member_lose(m);
        return;
    }
    if (m->state != MEMBER_DEAD)
        m->state = MEMBER_ENDING;
    m->killed = true;
    member_kill_process(m);
}

void member_end(struct member *m)
{
    if (m->state == MEMBER_READY)
        m->pool->ready--;
    if (m->ended_by == 0)
        m->ended_by = SOPOOL_BY_POOL;
    m->state = MEMBER_ENDING;
    parent_quit(&m->end);
}

void member_retire(struct member *m)
{
    if (!m->surplus)
        m->pool->stats.retired++;
    member_end(m);
}

void member_bury(struct member *m)
{
    struct sopool_pool *pool = m->pool;
    struct member **at = &pool->members;

    while (*at != m)
        at = &(*at)->next;
    *at = m->next;
    m->next = pool->buried;
    pool->buried = m;
}

void member_free_buried(struct sopool_pool *pool)
{
    struct member **at = &pool->buried;

    while (*at != NULL) {
        struct member *m = *at;

        if (m->watchers > 0 || m->warm.used) { /* not yet */
            at = &m->next;
            continue;
        }
        *at = m->next;
        member_free(m);
    }
}
