/* obituary.c - the death of a worker: what becomes of the calls that it had.
 * See pool.h.
 *
 * The order is always the same: it is dead; what it left in its channel and its
 * socket is read; it is known how it ended; then each call that it had is
 * settled or given back. Only a call that had begun and has no result fails.
 */
#include "pool/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sopool/abi.h>

#include "base/error.h"
#include "base/libc.h"

/* ---- what it had ------------------------------------------------------- */

static bool may_retry(struct sopool_pool *pool, struct batch *batch,
                      uint32_t index, const sopool_error *err)
{
    uint32_t flags = pool->catalog->task[batch->task].flags;
    uint8_t **tries;

    if (batch->retries == 0 || err->code == SOPOOL_E_CLOSED ||
        err->code == SOPOOL_E_CANCELLED ||
        (flags & (SOPOOL_IDEMPOTENT | SOPOOL_PURE)) == 0)
        return false;
    tries = &batch->store->tries;
    if (*tries == NULL)
        *tries = calloc(batch->count, 1);
    if (*tries == NULL || (*tries)[index] >= batch->retries)
        return false;
    (*tries)[index]++;
    return true;
}

/* A call that had begun: it fails, or it is run again. */
static void lose_call(struct member *m, struct batch *batch, uint32_t index,
                      const sopool_error *how)
{
    struct sopool_pool *pool = m->pool;
    sopool_error copy = *how, *err = &copy;

    detail_lost(m, batch, index);
    bundle_keep(m, batch, index, err);
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
    struct batch *batch;
    uint32_t begun, index;

    if (range->taken || range->answered == range->end)
        return;
    begun = parent_begun(&m->end, seq);
    /* One call runs at a time: a worker that says otherwise lies. */
    if (begun > range->answered + 1)
        begun = range->answered + 1;
    handed_give_back(m, seq, begun, range->end - begun);
    if (begun == range->answered)
        return;
    batch = handed_next(&m->handed[seq % CHANNEL_SLOTS], range, &index);
    lose_call(m, batch, index, err);
}

static void settle_all(struct member *m, const sopool_error *err)
{
    for (uint64_t seq = m->end.sent; seq-- > m->end.retired;)
        settle_range(m, seq, err);
    m->inflight = m->slow = 0;
}

/* ---- the end ----------------------------------------------------------- */

/* What the kernel says, in its own words: those of struct rusage may be wider.
 */
static void read_usage(const long *words, struct rusage *usage)
{
    usage->ru_utime = (struct timeval){words[0], words[1]};
    usage->ru_stime = (struct timeval){words[2], words[3]};
    usage->ru_maxrss = words[4];
}

static void fetch_status(struct member *m)
{
    long words[sizeof(struct rusage) / sizeof(long)] = {0};
    siginfo_t info = {0};
    struct rusage usage = {0};

    if (m->status_known || m->pool->options->start_method == START_FORKSERVER)
        return;
    /* Its children in its group go with it; until it is waited for, the
     * group's id cannot be another's. */
    (void)kill(-m->pid, SIGKILL);
    m->status_known = true;
    m->wait_status = -1; /* somebody else's wait() took it */
    /* The C library's waitid() does not give the usage. */
    if (syscall(SYS_waitid, P_PIDFD, m->pidfd, &info, WEXITED | WNOHANG,
                words) != 0 ||
        info.si_pid == 0)
        return;
    read_usage(words, &usage);
    m->wait_status =
        info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
    m->usage_known = true;
    m->usage_kib = (uint32_t)usage.ru_maxrss;
    m->usage_ms = usage_ms(&usage);
}

/* It died before it was ready for calls, and not because the pool said so. */
static void died_starting(struct member *m, const sopool_error *how)
{
    struct sopool_pool *pool = m->pool;
    sopool_error err = *how;
    char what[512], name[SIGNAL_ROOM];

    phase_describe(pool, m->phase, m->phase_plugin, what, sizeof(what));
    if (m->ended_by == SOPOOL_BY_TIMEOUT)
        (void)error_set(&err, SOPOOL_E_BROKEN,
                        "a worker did not get ready in time %s", what);
    else if (how->signal != 0)
        (void)error_set(&err, SOPOOL_E_BROKEN, "a worker was ended by %s %s",
                        cause_signal(how->signal, name), what);
    else
        (void)error_set(&err, SOPOOL_E_BROKEN,
                        "a worker exited with status %d %s", how->exit_status,
                        what);
    if (m->phase == PHASE_OPEN || m->phase == PHASE_LOAD)
        err.code = SOPOOL_E_PLUGIN;
    /* What kills them from outside may end; what they do themselves will be
     * done again, unless it has worked before. */
    if (m->id >= pool->reset_id)
        start_failed(pool,
                     how->ended_by != SOPOOL_BY_OUTSIDE &&
                         pool->stats.done + pool->stats.failed == 0,
                     &err);
}

static void count_death(struct member *m)
{
    if (m->why != NULL || m->stopped || m->ended_by == 0 ||
        m->ended_by == SOPOOL_BY_TIMEOUT)
        m->pool->stats.died++;
}

static void finish_member(struct member *m)
{
    bool starting = m->state == MEMBER_STARTING ||
                    (m->phase != PHASE_RUN && m->end.sent == 0);
    sopool_error err;

    cause_describe(m, &err);
    events_note(m, SOPOOL_WORKER_ENDED, clock_now(), &err);
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
    m->limit_at = CLOCK_NEVER;
    (void)member_harvest(m);
    if (m->state == MEMBER_LOST) { /* a thread whose calls are settled */
        member_bury(m);
        return;
    }
    if (m->state == MEMBER_READY && m->last && m->inflight == 0)
        member_retire(m); /* it knew that these were its last */
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
    cause_describe(m, &err);
    events_note(m, SOPOOL_WORKER_ENDED, clock_now(), &err);
    m->state = MEMBER_LOST;
    settle_all(m, &err);
    count_death(m);
}
