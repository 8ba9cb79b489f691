/* workers.c - what the workers do at this moment. See sopool.h. */
#include "base/clock.h"
#include "pool/pool.h"

const char *sopool_worker_state_name(int state)
{
    static const char *const names[] = {
        [SOPOOL_STATE_STARTING] = "starting",
        [SOPOOL_STATE_IDLE] = "idle",
        [SOPOOL_STATE_BUSY] = "busy",
        [SOPOOL_STATE_ENDING] = "ending",
    };

    return state >= SOPOOL_STATE_STARTING && state <= SOPOOL_STATE_ENDING
               ? names[state]
               : "unknown";
}

static int state_of(const struct member *m)
{
    switch (m->state) {
    case MEMBER_STARTING:
        return SOPOOL_STATE_STARTING;
    case MEMBER_READY:
        return m->inflight > 0 ? SOPOOL_STATE_BUSY : SOPOOL_STATE_IDLE;
    default:
        return SOPOOL_STATE_ENDING;
    }
}

/* The oldest range that a worker has not answered in full, or NULL; `seq` is
 * its number. */
static const struct handed *oldest(const struct member *m, uint64_t *seq)
{
    for (*seq = m->end.retired; *seq < m->end.sent; (*seq)++) {
        const struct sent_range *range = &m->end.range[*seq % CHANNEL_SLOTS];

        if (!range->taken && range->answered < range->end)
            return &m->handed[*seq % CHANNEL_SLOTS];
    }
    return NULL;
}

/* Does the worker note when each call of a range begins? */
static bool is_timed(const struct handed *handed)
{
    return handed->timeout_ns != 0 ||
           (handed->singles == NULL && batch_info(handed->batch, 0) != NULL);
}

/* When the call that runs began, by the monotonic clock; 0: not known. Where
 * the worker does not say so, it is when it was handed the call, or gave the
 * last result before. */
static int64_t begun_at(const struct member *m, const struct handed *handed,
                        uint64_t seq, int64_t now)
{
    int64_t at = handed->at > m->answered_at ? handed->at : m->answered_at;

    if (is_timed(handed) && parent_begun(&m->end, seq) >
                                m->end.range[seq % CHANNEL_SLOTS].answered) {
        int64_t said = parent_started(&m->end);

        if (said >= handed->at && said <= now)
            at = said;
    }
    return handed->at == 0 ? 0 : at;
}

static void look(const struct member *m, int64_t now, sopool_worker *out)
{
    const struct handed *handed = NULL;
    uint64_t seq;
    int64_t at;

    *out = (sopool_worker){
        .id = (uint32_t)m->id,
        .pid = (int)m->pid,
        .state = state_of(m),
        .calls = m->end.answers,
    };
    if (m->inflight > 0 && m->state != MEMBER_LOST)
        handed = oldest(m, &seq);
    if (handed == NULL)
        return;
    out->task = pool_task_name(m->pool, handed->task);
    at = begun_at(m, handed, seq, now);
    if (at != 0)
        out->since_ns = clock_since_1970(at);
}

size_t workers_look(struct sopool_pool *pool, sopool_worker *out, size_t room)
{
    int64_t now = clock_now();
    size_t count = 0;

    for (const struct member *m = pool->members; m != NULL; m = m->next)
        if (m->state != MEMBER_DEAD && count++ < room)
            look(m, now, &out[count - 1]);
    return count;
}

size_t sopool_get_workers(sopool_pool *pool, sopool_worker *out, size_t room)
{
    size_t count;

    if (pool_enter(pool, NULL) != 0)
        return 0;
    pthread_mutex_lock(&pool->lock);
    pool->timing = true;
    count = workers_look(pool, out, room);
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return count;
}
