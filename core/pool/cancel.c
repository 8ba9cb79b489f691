/* cancel.c - taking calls back, and ending those that run. See pool.h.
 *
 * A call that has not begun can always be taken back, by one compare-and-swap
 * against the worker that is about to begin it. One that runs can be asked to
 * stop, or be ended with its worker; first all that the worker has not begun is
 * taken back, so that nothing else can be hit.
 */
#include "pool/pool.h"

#include "base/error.h"

/* ---- what a worker has ------------------------------------------------- */

/* Has this worker a channel that counts? */
static bool has_channel(const struct member *m)
{
    return m->state == MEMBER_STARTING || m->state == MEMBER_READY ||
           m->state == MEMBER_ENDING;
}

/* What a range has that was not begun. */
static uint32_t take_range(struct member *m, uint64_t seq)
{
    struct parent_end *end = &m->end;
    const struct sent_range *range = &end->range[seq % CHANNEL_SLOTS];
    uint32_t taken;

    if (range->taken || range->answered == range->end)
        return 0;
    taken = parent_take(end, seq, TAKE_WHOLE);
    if (taken == 0)
        taken = parent_take(end, seq, TAKE_REST);
    if (taken > 0 && (range->taken || range->answered == range->end))
        member_has_answered(m, &m->handed[seq % CHANNEL_SLOTS]);
    if (m->budget != UINT64_MAX)
        m->budget += taken;
    return taken;
}

void member_take_back(struct member *m)
{
    for (uint64_t seq = m->end.sent; seq-- > m->end.retired;) {
        uint32_t taken = take_range(m, seq);

        handed_give_back(m, seq, m->end.range[seq % CHANNEL_SLOTS].end, taken);
    }
}

/* The oldest call that was begun and has no result that was read. */
static struct batch *oldest_begun(const struct member *m, uint32_t *index)
{
    const struct parent_end *end = &m->end;

    for (uint64_t seq = end->retired; seq < end->sent; seq++) {
        const struct sent_range *range = &end->range[seq % CHANNEL_SLOTS];

        if (range->taken || range->answered == range->end)
            continue;
        if (parent_begun(end, seq) <= range->answered)
            return NULL;
        return handed_next(&m->handed[seq % CHANNEL_SLOTS], range, index);
    }
    return NULL;
}

struct batch *member_runs(struct member *m, uint32_t *index)
{
    /* What it has answered, maybe without ringing, it does not run. */
    if (has_channel(m))
        (void)member_harvest(m);
    return has_channel(m) ? oldest_begun(m, index) : NULL;
}

bool member_kill_call(struct member *m, const struct batch *batch,
                      uint32_t index, int ended_by)
{
    uint32_t now;

    member_take_back(m);
    if (member_runs(m, &now) != batch || now != index)
        return false;
    member_kill(m, ended_by);
    return true;
}

/* ---- calls of one batch ------------------------------------------------ */

/* What a worker has of it goes back to the queue, maybe with others. */
static void take_back_batch(struct member *m, const struct batch *batch)
{
    for (uint64_t seq = m->end.sent; seq-- > m->end.retired;) {
        const struct sent_range *range = &m->end.range[seq % CHANNEL_SLOTS];
        uint32_t taken;

        if (range->taken || range->answered == range->end ||
            !handed_has(&m->handed[seq % CHANNEL_SLOTS], batch))
            continue;
        taken = take_range(m, seq);
        handed_give_back(m, seq, range->end, taken);
    }
}

/* The caller sees to it that the batch stays for the time of this. */
static void cancel_batch(struct sopool_pool *pool, struct batch *batch,
                         const sopool_error *why)
{
    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (has_channel(m))
            take_back_batch(m, batch);
    queue_fail(pool, batch, why);
}

void batch_cancel(struct sopool_pool *pool, struct batch *batch,
                  const sopool_error *why)
{
    cancel_batch(pool, batch, why);
    feed(pool);
}

void batch_abandon(struct sopool_pool *pool, struct batch *batch)
{
    sopool_error why;

    (void)error_set(&why, SOPOOL_E_CANCELLED,
                    "nobody waits for the call any more");
    batch->store->abandoned = true;
    batch->undone++; /* so that it stays */
    cancel_batch(pool, batch, &why);
    if (--batch->undone == 0)
        batch_free(batch);
}

/* The seq of the range that a worker runs. */
static uint64_t running_seq(const struct member *m)
{
    uint64_t seq = m->end.retired;

    while (m->end.range[seq % CHANNEL_SLOTS].taken ||
           m->end.range[seq % CHANNEL_SLOTS].answered ==
               m->end.range[seq % CHANNEL_SLOTS].end)
        seq++;
    return seq;
}

size_t batch_stop(struct sopool_pool *pool, const struct batch *batch)
{
    size_t count = 0;
    uint32_t index;

    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (member_runs(m, &index) == batch) {
            uint64_t seq = running_seq(m);

            parent_stop_item(&m->end, seq,
                             m->end.range[seq % CHANNEL_SLOTS].answered);
            count++;
        }
    return count;
}

size_t batch_kill(struct sopool_pool *pool, const struct batch *batch)
{
    size_t count = 0;
    uint32_t index;

    for (struct member *m = pool->members, *next; m != NULL; m = next) {
        next = m->next;
        if (member_runs(m, &index) == batch &&
            member_kill_call(m, batch, index, SOPOOL_BY_KILL))
            count++;
    }
    return count;
}

/* ---- the whole pool ---------------------------------------------------- */

void take_back_lower(struct sopool_pool *pool, uint32_t level)
{
    for (struct member *m = pool->members; m != NULL; m = m->next) {
        if (m->state != MEMBER_READY && m->state != MEMBER_STARTING)
            continue;
        for (uint64_t seq = m->end.sent; seq-- > m->end.retired;) {
            const struct sent_range *range = &m->end.range[seq % CHANNEL_SLOTS];
            const struct handed *handed = &m->handed[seq % CHANNEL_SLOTS];
            uint32_t taken;

            if (range->taken || range->answered == range->end ||
                handed->level <= level)
                continue;
            taken = take_range(m, seq);
            handed_give_back(m, seq, range->end, taken);
        }
    }
}

static void cancel_waiting(struct sopool_pool *pool)
{
    sopool_error why;

    if (!pool->cancelled) {
        pool->cancelled = true;
        for (struct member *m = pool->members; m != NULL; m = m->next)
            if (has_channel(m))
                member_take_back(m);
    }
    (void)error_set(&why, SOPOOL_E_CANCELLED,
                    "the call had not begun when the pool was stopped");
    queue_fail(pool, NULL, &why);
}

void cancel_as_asked(struct sopool_pool *pool)
{
    sopool_error why;

    if (atomic_load(&pool->cancel_rest))
        cancel_waiting(pool);
    if (atomic_load(&pool->stop_running) && !pool->stopped) {
        pool->stopped = true;
        for (struct member *m = pool->members; m != NULL; m = m->next)
            if (has_channel(m))
                parent_stop(&m->end);
    }
    if (pool_state(pool) == POOL_TERMINATED && pool->queue.filled != 0) {
        (void)error_set(&why, SOPOOL_E_CLOSED, "the pool was terminated");
        queue_fail(pool, NULL, &why);
    }
}
