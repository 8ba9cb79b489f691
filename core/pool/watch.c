/* watch.c - results that the thread looks for that waits for them. See pool.h.
 *
 * To wake a thread takes longer than most short calls. So who waits for one
 * call, while the dispatcher sleeps, lets it sleep: it looks at the channel of
 * the call's worker itself and does what the dispatcher would do with what it
 * finds there. The worker does not ring meanwhile. A worker that is watched
 * stays in memory even when it has died.
 */
#include "pool/pool.h"

static struct member *worker_of(const struct sopool_pool *pool,
                                const struct batch *single)
{
    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (m->end.sent > 0 &&
            m->handed[(m->end.sent - 1) % CHANNEL_SLOTS].singles ==
                &single->whole)
            return m;
    return NULL;
}

/* Workers that were given something, and that nobody watches, are to ring. */
static void unhush(struct sopool_pool *pool)
{
    for (struct member *m = pool->members; m != NULL; m = m->next)
        if (m->inflight > 0 && m->watchers == 0 && member_rings(m))
            pool_wake(pool);
}

/* Mostly there is a worker that has nothing, and the call can go there. */
static struct member *submit_at_once(struct sopool_pool *pool,
                                     struct batch *single)
{
    struct member *m;

    if (!pool_is_open(pool))
        return NULL;
    pool->hush = dispatcher_sleeps(pool);
    m = feed_at_once(pool, single);
    pool->hush = false;
    return m;
}

int watch_submit(struct sopool_pool *pool, struct batch *single,
                 struct member **worker, sopool_error *err)
{
    *worker = submit_at_once(pool, single);
    if (*worker != NULL) {
        (*worker)->watchers++;
        return 0;
    }
    if (pool_queue(pool, single, err) != 0)
        return -1;
    pool->hush = dispatcher_sleeps(pool);
    pool->hushed = 0;
    feed(pool);
    pool->hush = false;
    *worker = worker_of(pool, single);
    if (*worker != NULL)
        (*worker)->watchers++;
    if (pool->hushed > (*worker != NULL))
        unhush(pool);
    return 0;
}

/* Is there something that only the dispatcher does? */
static bool needs_dispatcher(const struct member *m)
{
    const struct sopool_pool *pool = m->pool;

    return m->state != MEMBER_READY || m->last || m->gone || m->surplus ||
           pool->look_again || pool_state(pool) != POOL_OPEN ||
           atomic_load(&pool->cancel_rest);
}

void watch_harvest(struct member *m)
{
    struct sopool_pool *pool = m->pool;
    bool fed = false;

    (void)member_read(m);
    if (pool->queue.filled != 0) {
        feed(pool);
        fed = pool->timed; /* who keeps the time must know */
    }
    if ((fed || needs_dispatcher(m)) && dispatcher_sleeps(pool))
        pool_wake(pool);
}

void watch_end(struct member *m)
{
    struct sopool_pool *pool = m->pool;

    if (--m->watchers > 0 || m->inflight == 0 || !dispatcher_sleeps(pool) ||
        m->state == MEMBER_LOST || m->state == MEMBER_DEAD || m->broke)
        return;
    if (member_rings(m))
        pool_wake(pool);
}

void watch_sleep(struct sopool_pool *pool)
{
    if (pool->look_at == 0 && dispatcher_sleeps(pool) &&
        pool->options->start_method != START_THREAD)
        pool_wake(pool);
}
