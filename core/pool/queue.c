/* queue.c - the calls that no worker has yet. See pool.h.
 *
 * Its entries are ranges, in a list for each priority. A batch brings the entry
 * for its first time with it; calls that come back from a worker get an entry
 * of their own, but for singles, which always have theirs.
 *
 * Singles that are submitted while the dispatcher is at work come by the inbox,
 * for which no lock is needed: a list that grows by compare-and-swap and is
 * taken off as a whole.
 */
#include "pool/pool.h"

#include <stdlib.h>

#include "base/error.h"

static void free_range(struct range *range)
{
    if (range != &range->batch->whole)
        free(range);
}

struct range *queue_head(const struct sopool_pool *pool)
{
    const struct queue *queue = &pool->queue;

    return queue->filled == 0 ? NULL
                              : queue->first[__builtin_ctz(queue->filled)];
}

/* Entries of one level, linked from the first to the last. */
static void push_back(struct queue *queue, struct range *first,
                      struct range *last, uint64_t calls)
{
    uint32_t level = first->batch->level;

    last->next = NULL;
    if (queue->first[level] == NULL)
        queue->first[level] = first;
    else
        queue->last[level]->next = first;
    queue->last[level] = last;
    queue->filled |= 1u << level;
    queue->calls += calls;
}

void queue_push(struct sopool_pool *pool, struct range *range)
{
    push_back(&pool->queue, range, range, range->count);
}

/* The same before all others. */
static void push_front(struct queue *queue, struct range *first,
                       struct range *last, uint32_t calls)
{
    uint32_t level = first->batch->level;

    last->next = queue->first[level];
    queue->first[level] = first;
    if (last->next == NULL)
        queue->last[level] = last;
    queue->filled |= 1u << level;
    queue->calls += calls;
}

/* Takes out the entry after `before`, or the first one of its level. */
static void unlink_range(struct queue *queue, uint32_t level,
                         struct range *before)
{
    struct range **at = before == NULL ? &queue->first[level] : &before->next;
    struct range *range = *at;

    *at = range->next;
    if (range->next == NULL)
        queue->last[level] = before;
    if (queue->first[level] == NULL)
        queue->filled &= ~(1u << level);
    queue->calls -= range->count;
}

void queue_take(struct sopool_pool *pool, uint32_t count)
{
    struct queue *queue = &pool->queue;
    struct range *range = queue_head(pool);

    if (range->count > count) {
        range->first += count;
        range->count -= count;
        queue->calls -= count;
        return;
    }
    unlink_range(queue, range->batch->level, NULL);
    free_range(range);
}

struct range *queue_take_singles(struct sopool_pool *pool, struct range *last,
                                 uint32_t count)
{
    struct queue *queue = &pool->queue;
    uint32_t level = last->batch->level;
    struct range *first = queue->first[level];

    queue->first[level] = last->next;
    if (last->next == NULL)
        queue->filled &= ~(1u << level);
    last->next = NULL;
    queue->calls -= count;
    return first;
}

static void fail_calls(struct sopool_pool *pool, struct batch *batch,
                       uint32_t first, uint32_t count, const sopool_error *err)
{
    for (uint32_t i = 0; i < count; i++)
        settle_failed(pool, batch, first + i, err);
}

/* Singles, linked from the first to the last. */
static void fail_singles(struct sopool_pool *pool, struct range *range,
                         const sopool_error *err)
{
    while (range != NULL) {
        struct range *next = range->next;

        settle_failed(pool, range->batch, 0, err);
        range = next;
    }
}

/* May a call still begin that was once handed out? */
static bool may_begin(const struct sopool_pool *pool, const struct batch *batch,
                      sopool_error *err)
{
    if (pool->broken)
        *err = pool->trouble;
    else if (pool_state(pool) == POOL_TERMINATED)
        (void)error_set(err, SOPOOL_E_CLOSED, "the pool was terminated");
    else if (!batch->single && batch->store->abandoned)
        (void)error_set(err, SOPOOL_E_CANCELLED,
                        "nobody waits for the call any more");
    else
        return true;
    return false;
}

void queue_give_back(struct sopool_pool *pool, struct batch *batch,
                     uint32_t first, uint32_t count)
{
    struct range *range;
    sopool_error err;

    if (!may_begin(pool, batch, &err)) {
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
    push_front(&pool->queue, range, range, count);
}

/* Its arguments are with who waits for it: that one is to submit it again. */
static void give_back_warm(struct sopool_pool *pool, struct batch *batch)
{
    pool->stats.submitted--;
    batch->one.kind = OUTCOME_RETURNED;
    batch->undone = 0;
    batch->settled(batch, 0, &batch->one);
}

void queue_give_back_singles(struct sopool_pool *pool, struct range *first)
{
    struct range *last = first;
    uint32_t count = 1;
    sopool_error err;

    if (first->batch->warm) {
        give_back_warm(pool, first->batch);
        return;
    }
    if (may_begin(pool, first->batch, &err)) {
        for (; last->next != NULL; last = last->next)
            count++;
        push_front(&pool->queue, first, last, count);
        return;
    }
    fail_singles(pool, first, &err);
}

/* ---- the inbox --------------------------------------------------------- */

void queue_send(struct sopool_pool *pool, struct batch *single)
{
    struct range *range = &single->whole;

    range->next = atomic_load_explicit(&pool->inbox, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&pool->inbox, &range->next, range))
        ;
}

/* What came last stands first. Counts them. */
static struct range *reversed(struct range *range, uint64_t *count)
{
    struct range *before = NULL;

    for (*count = 0; range != NULL; ++*count) {
        struct range *next = range->next;

        range->next = before;
        before = range;
        range = next;
    }
    return before;
}

/* A pool that was closed meanwhile has taken them; one that has ended has not.
 */
static bool is_late(const struct sopool_pool *pool, sopool_error *err)
{
    if (pool->finished && pool_state(pool) == POOL_CLOSED) {
        (void)error_set(err, SOPOOL_E_CLOSED, "the pool was closed");
        return true;
    }
    return false;
}

/* The inbox's calls are all of one level, and what says whether they may begin
 * is the same for all. */
void queue_collect(struct sopool_pool *pool)
{
    struct range *first, *last;
    uint64_t count;
    sopool_error err;

    if (atomic_load(&pool->inbox) == NULL)
        return;
    last = atomic_exchange(&pool->inbox, NULL);
    first = reversed(last, &count);
    pool->stats.submitted += count;
    if (is_late(pool, &err) || !may_begin(pool, first->batch, &err))
        fail_singles(pool, first, &err);
    else
        push_back(&pool->queue, first, last, count);
}

/* Takes one entry out and fails its calls, which may be the batch's last. */
static void fail_range(struct sopool_pool *pool, uint32_t level,
                       struct range *before, const sopool_error *why)
{
    struct queue *queue = &pool->queue;
    struct range *range = before == NULL ? queue->first[level] : before->next;
    struct batch *batch = range->batch;
    uint32_t first = range->first, count = range->count;

    unlink_range(queue, level, before);
    free_range(range);
    fail_calls(pool, batch, first, count, why);
}

static void fail_batch(struct sopool_pool *pool, const struct batch *batch,
                       const sopool_error *why)
{
    uint32_t level = batch->level;
    struct range *before = NULL;
    struct range *range = pool->queue.first[level];

    while (range != NULL) {
        struct range *next = range->next;

        if (range->batch == batch)
            fail_range(pool, level, before, why);
        else
            before = range;
        range = next;
    }
}

void queue_fail(struct sopool_pool *pool, const struct batch *batch,
                const sopool_error *why)
{
    queue_collect(pool);
    if (batch != NULL)
        fail_batch(pool, batch, why);
    else
        while (pool->queue.filled != 0)
            fail_range(pool, (uint32_t)__builtin_ctz(pool->queue.filled), NULL,
                       why);
}
