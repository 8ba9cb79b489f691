/* await.c - waiting for a pool that begins. See sopool.h. */
#include "pool/pool.h"

#include <errno.h>

#include "base/error.h"

static int await_ready(struct sopool_pool *pool, int64_t timeout_ms,
                       sopool_error *err)
{
    int64_t deadline = clock_deadline(timeout_ms);
    int status = 0;

    while (pool->ready == 0 && pool_is_open(pool) && status != ETIMEDOUT)
        status = pool_wait(pool, &pool->changed, deadline);
    if (pool_accepts(pool, err) != 0)
        return -1;
    if (pool->ready > 0)
        return 0;
    return error_set(err, SOPOOL_E_TIMEOUT, "no worker was ready in %lld ms",
                     (long long)timeout_ms);
}

int sopool_wait_ready(sopool_pool *pool, int64_t timeout_ms, sopool_error *err)
{
    int status;

    if (pool_enter(pool, err) != 0)
        return -1;
    status = pool_may_wait(pool, err);
    if (status == 0) {
        pthread_mutex_lock(&pool->lock);
        status = await_ready(pool, timeout_ms, err);
        pthread_mutex_unlock(&pool->lock);
    }
    pool_leave(pool);
    return status;
}
