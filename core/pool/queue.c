/* queue.c - the calls that no worker has yet. See pool.h.
 *
 * Its entries are ranges. A batch brings the entry for its first time with it;
 * calls that come back from a worker get an entry of their own.
 */
#include "pool/pool.h"

#include <stdlib.h>

#include "base/error.h"

static void free_range(struct range *range)
{
    if (range != &range->batch->whole)
        free(range);
}

void queue_push(struct sopool_pool *pool, struct range *range)
{
    range->next = NULL;
    if (pool->first == NULL)
        pool->first = range;
    else
        pool->last->next = range;
    pool->last = range;
}

void queue_push_front(struct sopool_pool *pool, struct range *range)
{
    range->next = pool->first;
    pool->first = range;
    if (pool->last == NULL || range->next == NULL)
        pool->last = range;
}

static void unlink_first(struct sopool_pool *pool)
{
    pool->first = pool->first->next;
    if (pool->first == NULL)
        pool->last = NULL;
}

void queue_take(struct sopool_pool *pool, uint32_t count)
{
    struct range *range = pool->first;

    range->first += count;
    range->count -= count;
    if (range->count > 0)
        return;
    unlink_first(pool);
    free_range(range);
}

static void fail_calls(struct sopool_pool *pool, struct batch *batch,
                       uint32_t first, uint32_t count, const sopool_error *err)
{
    for (uint32_t i = 0; i < count; i++)
        settle_failed(pool, batch, first + i, err);
}

void queue_give_back(struct sopool_pool *pool, struct batch *batch,
                     uint32_t first, uint32_t count)
{
    struct range *range;
    sopool_error err;

    if (pool->broken) {
        fail_calls(pool, batch, first, count, &pool->trouble);
        return;
    }
    if (batch->abandoned || pool->state == POOL_TERMINATED) {
        (void)error_set(&err, SOPOOL_E_CLOSED, "%s",
                        batch->abandoned ? "nobody waits for the call any more"
                                         : "the pool was terminated");
        fail_calls(pool, batch, first, count, &err);
        return;
    }
    range = malloc(sizeof(*range));
    if (range == NULL) {
        (void)error_nomem(&err);
        fail_calls(pool, batch, first, count, &err);
        return;
    }
    *range = (struct range){.batch = batch, .first = first, .count = count};
    queue_push_front(pool, range);
}

void queue_fail(struct sopool_pool *pool, const sopool_error *why)
{
    while (pool->first != NULL) {
        struct range *range = pool->first;
        struct batch *batch = range->batch;
        uint32_t first = range->first, count = range->count;

        unlink_first(pool);
        free_range(range);
        fail_calls(pool, batch, first, count, why);
    }
}

/* Takes a batch's entries out; how many calls they were. */
static uint32_t remove_batch(struct sopool_pool *pool,
                             const struct batch *batch)
{
    struct range **at = &pool->first;
    struct range *before = NULL;
    uint32_t count = 0;

    while (*at != NULL) {
        struct range *range = *at;

        if (range->batch == batch) {
            *at = range->next;
            count += range->count;
            free_range(range);
            continue;
        }
        before = range;
        at = &range->next;
    }
    pool->last = before;
    return count;
}

static uint32_t take_from_member(struct member *m, const struct batch *batch)
{
    uint32_t count = 0;

    for (uint64_t seq = m->end.sent; seq-- > m->end.retired;) {
        const struct sent_range *range = &m->end.range[seq % CHANNEL_SLOTS];
        uint32_t taken;

        if (range->taken || range->answered == range->end ||
            m->handed[seq % CHANNEL_SLOTS].batch != batch)
            continue;
        taken = parent_take(&m->end, seq, true);
        if (taken > 0)
            m->inflight--;
        if (m->budget != UINT64_MAX)
            m->budget += taken;
        count += taken;
    }
    return count;
}

void batch_abandon(struct sopool_pool *pool, struct batch *batch)
{
    uint32_t gone;

    batch->abandoned = true;
    gone = remove_batch(pool, batch);
    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (m->state == MEMBER_READY || m->state == MEMBER_ENDING)
            gone += take_from_member(m, batch);
    pool->stats.failed += gone;
    batch->undone -= gone;
    if (batch->undone == 0)
        batch_free(batch);
}
