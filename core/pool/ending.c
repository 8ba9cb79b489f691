/* ending.c - close, terminate, stop, join, destroy. See sopool.h.
 *
 * To end a pool is a change of its state, which may be made in a signal
 * handler; the dispatcher does what follows from it. Nothing here waits for a
 * worker without a deadline of the dispatcher's.
 */
#include "pool/pool.h"

#include <errno.h>

#include "base/error.h"

/* In a signal handler all this is allowed. */
static void change_state(struct sopool_pool *pool, enum pool_state state)
{
    int now = atomic_load(&pool->state);
    int number = errno; /* of what a signal interrupted */

    if (!pool_is_ours(pool))
        return;
    while (now < (int)state &&
           !atomic_compare_exchange_weak(&pool->state, &now, (int)state))
        ;
    pool_wake(pool);
    errno = number;
}

void sopool_close(sopool_pool *pool)
{
    change_state(pool, POOL_CLOSED);
}

void sopool_terminate(sopool_pool *pool)
{
    change_state(pool, POOL_TERMINATED);
}

void sopool_stop(sopool_pool *pool)
{
    if (!pool_is_ours(pool))
        return;
    atomic_store(&pool->stop_running, true);
    atomic_store(&pool->cancel_rest, true);
    change_state(pool, POOL_CLOSED);
}

/* ---- waiting for the end ----------------------------------------------- */

static bool has_ended(const struct sopool_pool *pool)
{
    return pool->finished && callbacks_idle(pool);
}

static int join(struct sopool_pool *pool, int64_t timeout_ms, sopool_error *err)
{
    int64_t deadline = clock_deadline(timeout_ms);
    int status = 0;

    while (!has_ended(pool) && status != ETIMEDOUT) {
        /* With an event loop it is this thread that calls back. */
        if (pool->callbacks.event >= 0 && callbacks_run(pool) > 0)
            continue;
        status = pool_wait(pool, &pool->changed, deadline);
    }
    if (has_ended(pool))
        return 0;
    return error_set(err, SOPOOL_E_TIMEOUT, "the pool has not ended in %lld ms",
                     (long long)timeout_ms);
}

/* May this thread wait for the pool's end? */
static int may_join(const struct sopool_pool *pool, sopool_error *err)
{
    if (callbacks_current(pool))
        return error_set(err, SOPOOL_E_DEADLOCK,
                         "a callback cannot wait for the end of its own pool");
    return pool_may_wait(pool, err);
}

int sopool_join(sopool_pool *pool, int64_t timeout_ms, sopool_error *err)
{
    int status = -1;

    if (pool_enter(pool, err) != 0)
        return -1;
    if (pool_state(pool) == POOL_OPEN)
        (void)error_set(err, SOPOOL_E_USAGE,
                        "a pool is joined after it was closed, stopped or "
                        "terminated");
    else if (may_join(pool, err) == 0) {
        pthread_mutex_lock(&pool->lock);
        status = join(pool, timeout_ms, err);
        pthread_mutex_unlock(&pool->lock);
    }
    pool_leave(pool);
    return status;
}

int sopool_shutdown(sopool_pool *pool, bool cancel_futures, int64_t timeout_ms,
                    sopool_error *err)
{
    if (!pool_is_ours(pool))
        return sopool_join(pool, 0, err); /* which says so */
    if (cancel_futures)
        atomic_store(&pool->cancel_rest, true);
    sopool_close(pool);
    return timeout_ms == 0 ? 0 : sopool_join(pool, timeout_ms, err);
}

void sopool_destroy(sopool_pool *pool)
{
    if (pool == NULL || pool_enter(pool, NULL) != 0)
        return;
    sopool_terminate(pool);
    (void)pthread_join(pool->dispatcher, NULL);
    results_close(pool);
    callbacks_end(pool);
    pthread_mutex_lock(&pool->lock);
    pool_close_files(pool);
    pthread_mutex_unlock(&pool->lock);
    pool_unref(pool); /* the program's */
    pool_leave(pool);
}

/* ---- changing a pool that goes on -------------------------------------- */

int sopool_reset(sopool_pool *pool, sopool_error *err)
{
    int status = 0;

    if (pool_enter(pool, err) != 0)
        return -1;
    pthread_mutex_lock(&pool->lock);
    if (pool_state(pool) != POOL_OPEN) {
        status = error_set(err, SOPOOL_E_CLOSED,
                           "the pool was closed or terminated");
    } else {
        pool->broken = false;
        pool->start_failures = 0;
        pool->start_after = 0;
        pool->reset_id = pool->next_id;
        pool_wake(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return status;
}

int sopool_resize(sopool_pool *pool, uint32_t processes, sopool_error *err)
{
    int status;

    if (processes < 1 || processes > PROCESSES_MAX)
        return error_set(err, SOPOOL_E_USAGE,
                         "a pool has 1 to %d workers, not %u", PROCESSES_MAX,
                         processes);
    if (pool_enter(pool, err) != 0)
        return -1;
    pthread_mutex_lock(&pool->lock);
    status = pool_accepts(pool, err);
    if (status == 0) {
        pool->processes = processes;
        pool_wake(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return status;
}
