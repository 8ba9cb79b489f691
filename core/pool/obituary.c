/* obituary.c - the death of a worker: what it was doing, who ended it, and what
 * becomes of the calls that it had. See pool.h.
 *
 * The order is always the same: it is dead; what it left in its channel and its
 * socket is read; it is known how it ended; then each call that it had is
 * settled or given back. Only a call that had begun and has no result fails.
 */
#include "pool/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <sopool/abi.h>

#include "base/error.h"

/* ---- how it ended ------------------------------------------------------ */

static bool is_own_fault(int sig)
{
    static const int own[] = {SIGSEGV, SIGABRT, SIGFPE,  SIGBUS,  SIGILL,
                              SIGTRAP, SIGSYS,  SIGXCPU, SIGXFSZ, SIGPIPE};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (own[i] == sig)
            return true;
    return false;
}

static void add_text(sopool_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void add_text(sopool_error *err, const char *fmt, ...)
{
    size_t used = strlen(err->message);
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(err->message + used, sizeof(err->message) - used, fmt, ap);
    va_end(ap);
}

/* Where its last line begins, or the one before that if they belong together:
 * what the C++ runtime says of an exception that nobody caught. */
static const char *last_line(const char *text, size_t size)
{
    static const char cxx[] = "terminate called";
    const char *end = memrchr(text, '\n', size);
    const char *before;

    if (end == NULL)
        return text;
    before = memrchr(text, '\n', (size_t)(end - text));
    before = before == NULL ? text : before + 1;
    return strncmp(before, cxx, sizeof(cxx) - 1) == 0 ? before : end + 1;
}

/* What it said last often says why: an assertion's text, an exception's. */
static void add_last_words(const struct member *m, sopool_error *err)
{
    size_t used = strlen(err->message);
    char text[400];
    size_t size;

    if (m->pool->logger == NULL)
        return;
    size = logger_last(m->pool->logger, m->id, text, sizeof(text) - 1);
    while (size > 0 && text[size - 1] == '\n')
        size--;
    if (size == 0)
        return;
    text[size] = '\0';
    add_text(err, "; it last printed: %s", last_line(text, size));
    settle_clean(err->message + used, strlen(err->message + used));
}

static void add_place(const struct member *m, const struct last_fault *fault,
                      sopool_error *err)
{
    const sopool_catalog *catalog = m->pool->catalog;
    const struct catalog_plugin *plugin;
    const char *file;
    char name[128];
    uint64_t delta;

    if (fault->plugin >= catalog->plugin_count)
        return;
    plugin = &catalog->plugin[fault->plugin];
    file = basename(plugin->path);
    if (plugin->fd >= 0 && elf_function(plugin->fd, fault->offset, name,
                                        sizeof(name), &delta) == 0) {
        settle_clean(name, strlen(name));
        add_text(err, " in %s+0x%llx (%s+0x%llx)", name,
                 (unsigned long long)delta, file,
                 (unsigned long long)fault->offset);
    } else {
        add_text(err, " in %s+0x%llx", file, (unsigned long long)fault->offset);
    }
}

/* A fault near the stack pointer mostly means that the stack ended there. */
enum { STACK_NEAR = 65536 };

static bool is_overflow(const struct last_fault *fault)
{
    uint64_t apart = fault->address > fault->stack
                         ? fault->address - fault->stack
                         : fault->stack - fault->address;

    return fault->signal == SIGSEGV && apart < STACK_NEAR;
}

/* Where it was, by the worker's own note: for people, and not to be relied on.
 */
static void add_fault(const struct member *m, int sig, sopool_error *err)
{
    struct last_fault fault;

    parent_fault(&m->end, &fault);
    if (fault.signal != sig || fault.code <= 0) /* or somebody sent it */
        return;
    if (sig != SIGFPE && sig != SIGILL)
        add_text(err, " at address 0x%llx", (unsigned long long)fault.address);
    add_place(m, &fault, err);
    if (is_overflow(&fault))
        add_text(err, ": most likely it used up its stack");
}

static void describe_signal(const struct member *m, int sig, sopool_error *err)
{
    const char *name = sigabbrev_np(sig);
    const char *hint = "";

    if (sig == SIGKILL)
        hint = ": by 'kill -9', or for want of memory by the kernel";
    else if (sig == SIGXCPU)
        hint = ": it used up its limit of processor time";
    (void)error_set(err, SOPOOL_E_DIED, "worker %d was ended by SIG%s (%s)%s",
                    (int)m->pid, name != NULL ? name : "?",
                    sigdescr_np(sig) != NULL ? sigdescr_np(sig) : "unknown",
                    hint);
    err->signal = sig;
    err->ended_by = is_own_fault(sig) ? SOPOOL_BY_ITSELF : SOPOOL_BY_OUTSIDE;
    add_fault(m, sig, err);
    if (sig == SIGABRT)
        add_last_words(m, err);
}

static void describe_exit(const struct member *m, int status, sopool_error *err)
{
    (void)error_set(err, SOPOOL_E_DIED,
                    "worker %d exited with status %d in the middle of the call",
                    (int)m->pid, status);
    err->exit_status = status;
    err->ended_by = SOPOOL_BY_ITSELF;
    add_last_words(m, err);
}

static void show_duration(int64_t ns, char *out, size_t room)
{
    if (ns % NS_PER_S == 0)
        (void)snprintf(out, room, "%lld s", (long long)(ns / NS_PER_S));
    else if (ns % NS_PER_MS == 0)
        (void)snprintf(out, room, "%lld ms", (long long)(ns / NS_PER_MS));
    else
        (void)snprintf(out, room, "%lld ns", (long long)ns);
}

static void describe_ours(const struct member *m, int ended_by,
                          sopool_error *err)
{
    char limit[32];

    if (ended_by == SOPOOL_BY_TIMEOUT) {
        show_duration(m->limit_ns, limit, sizeof(limit));
        (void)error_set(err, SOPOOL_E_TIMEOUT,
                        "the call took longer than its time limit of %s",
                        limit);
    } else if (ended_by == SOPOOL_BY_KILL) {
        (void)error_set(err, SOPOOL_E_CANCELLED, "the call was killed");
    } else if (ended_by == SOPOOL_BY_TERMINATE) {
        (void)error_set(err, SOPOOL_E_CLOSED, "the pool was terminated");
    } else {
        (void)error_set(err, SOPOOL_E_PROTOCOL,
                        "worker %d could not be trusted any more: %s",
                        (int)m->pid, m->why != NULL ? m->why : "unknown");
    }
    err->ended_by = ended_by;
}

static void describe(const struct member *m, sopool_error *err)
{
    int status = m->wait_status;

    if (m->why != NULL)
        describe_ours(m, SOPOOL_BY_POOL, err);
    else if (m->ended_by == SOPOOL_BY_TIMEOUT ||
             m->ended_by == SOPOOL_BY_KILL ||
             m->ended_by == SOPOOL_BY_TERMINATE)
        describe_ours(m, m->ended_by, err);
    else if (m->status_known && WIFSIGNALED(status))
        describe_signal(m, WTERMSIG(status), err);
    else if (m->status_known && WIFEXITED(status))
        describe_exit(m, WEXITSTATUS(status), err);
    else
        (void)error_set(err, SOPOOL_E_DIED,
                        "worker %d ended in the middle of the call; nobody "
                        "can say how: its parent died, or another wait() took "
                        "its status",
                        (int)m->pid);
    err->pid = (int)m->pid;
}

/* ---- what it had ------------------------------------------------------- */

static bool may_retry(struct sopool_pool *pool, struct batch *batch,
                      uint32_t index, const sopool_error *err)
{
    uint32_t flags = pool->catalog->task[batch->task].flags;

    if (batch->retries == 0 || err->code == SOPOOL_E_CLOSED ||
        err->code == SOPOOL_E_CANCELLED ||
        (flags & (SOPOOL_IDEMPOTENT | SOPOOL_PURE)) == 0)
        return false;
    if (batch->tries == NULL)
        batch->tries = calloc(batch->count, 1);
    if (batch->tries == NULL || batch->tries[index] >= batch->retries)
        return false;
    batch->tries[index]++;
    return true;
}

/* A call that had begun: it fails, or it is run again. */
static void lose_call(struct sopool_pool *pool, struct batch *batch,
                      uint32_t index, const sopool_error *err)
{
    if (may_retry(pool, batch, index, err)) {
        pool->stats.retried++;
        queue_give_back(pool, batch, index, 1);
        return;
    }
    settle_failed(pool, batch, index, err);
}

/* The newest range first, so that what is given back ends up in order. A call
 * that is lost comes after the giving back, because its batch may go then. */
static void settle_range(struct member *m, uint64_t seq,
                         const sopool_error *err)
{
    const struct sent_range *range = &m->end.range[seq % CHANNEL_SLOTS];
    const struct handed *handed = &m->handed[seq % CHANNEL_SLOTS];
    uint32_t begun;

    if (range->taken || range->answered == range->end)
        return;
    begun = parent_begun(&m->end, seq);
    /* One call runs at a time: a worker that says otherwise lies. */
    if (begun > range->answered + 1)
        begun = range->answered + 1;
    if (begun < range->end)
        queue_give_back(m->pool, handed->batch, handed->first + begun,
                        range->end - begun);
    for (uint32_t i = range->answered; i < begun; i++)
        lose_call(m->pool, handed->batch, handed->first + i, err);
}

static void settle_all(struct member *m, const sopool_error *err)
{
    for (uint64_t seq = m->end.sent; seq-- > m->end.retired;)
        settle_range(m, seq, err);
    m->inflight = 0;
}

/* ---- the end ----------------------------------------------------------- */

static void fetch_status(struct member *m)
{
    siginfo_t info = {0};

    if (m->status_known || m->pool->options->start_method == START_FORKSERVER)
        return;
    /* Its children in its group go with it; until it is waited for, the
     * group's id cannot be another's. */
    (void)kill(-m->pid, SIGKILL);
    m->status_known = true;
    m->wait_status = -1; /* somebody else's wait() took it */
    if (waitid(P_PIDFD, (id_t)m->pidfd, &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid != 0)
        m->wait_status =
            info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
}

/* It died before it was ready for calls, and not because the pool said so. */
static void died_starting(struct member *m, const sopool_error *how)
{
    struct sopool_pool *pool = m->pool;
    sopool_error err = *how;
    char what[512];

    phase_describe(pool, m->phase, m->phase_plugin, what, sizeof(what));
    if (m->ended_by == SOPOOL_BY_TIMEOUT)
        (void)error_set(&err, SOPOOL_E_BROKEN,
                        "a worker did not get ready in time %s", what);
    else if (how->signal != 0)
        (void)error_set(
            &err, SOPOOL_E_BROKEN, "a worker was ended by SIG%s (%s) %s",
            sigabbrev_np(how->signal), sigdescr_np(how->signal), what);
    else
        (void)error_set(&err, SOPOOL_E_BROKEN,
                        "a worker exited with status %d %s", how->exit_status,
                        what);
    if (m->phase == PHASE_OPEN || m->phase == PHASE_LOAD)
        err.code = SOPOOL_E_PLUGIN;
    if (m->id >= pool->reset_id)
        start_failed(pool, pool->stats.done + pool->stats.failed == 0, &err);
}

static void count_death(struct member *m)
{
    if (m->why != NULL || m->ended_by == 0 || m->ended_by == SOPOOL_BY_TIMEOUT)
        m->pool->stats.died++;
}

static void finish_member(struct member *m)
{
    bool starting = m->state == MEMBER_STARTING ||
                    (m->phase != PHASE_RUN && m->end.sent == 0);
    sopool_error err;

    describe(m, &err);
    if (m->state == MEMBER_READY)
        m->pool->ready--;
    m->state = MEMBER_DEAD;
    settle_all(m, &err);
    count_death(m);
    if (starting && (m->ended_by == 0 || m->ended_by == SOPOOL_BY_TIMEOUT))
        died_starting(m, &err);
    member_bury(m);
}

void member_died(struct member *m)
{
    m->gone = true;
    if (m->control >= 0)
        member_read_control(m);
    (void)member_harvest(m);
    if (m->state == MEMBER_LOST) { /* a thread whose calls are settled */
        member_bury(m);
        return;
    }
    fetch_status(m);
    if (m->status_known)
        finish_member(m);
}

void member_lose(struct member *m)
{
    sopool_error err;

    member_take_back(m);
    parent_stop(&m->end);
    parent_quit(&m->end);
    describe(m, &err);
    m->state = MEMBER_LOST;
    settle_all(m, &err);
    count_death(m);
}
