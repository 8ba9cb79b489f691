/* apply.c - one call, waited for. See sopool.h. */
#include "pool/pool.h"

#include "base/error.h"
#include "pool/outcome.h"

/* A call that somebody waits for. */
struct waiter {
    struct sopool_pool *pool;
    bool done;
};

static void settled(struct batch *batch, uint32_t index)
{
    struct waiter *waiter = batch->owner;

    (void)index;
    waiter->done = true;
    pthread_cond_broadcast(&waiter->pool->changed);
}

static int run(struct sopool_pool *pool, struct batch *batch, sopool_error *err)
{
    struct waiter waiter = {.pool = pool};

    batch->settled = settled;
    batch->owner = &waiter;
    batch_seal(batch);
    pthread_mutex_lock(&pool->lock);
    if (pool_submit(pool, batch, err) != 0) {
        pthread_mutex_unlock(&pool->lock);
        return -1;
    }
    while (!waiter.done)
        pthread_cond_wait(&pool->changed, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    return 0;
}

sopool_value *sopool_apply(sopool_pool *pool, const char *task,
                           sopool_args args, sopool_error *err)
{
    const sopool_task_info *info = sopool_find_task(pool, task, err);
    sopool_value *value = NULL;
    struct batch *batch;

    if (info == NULL)
        return NULL;
    batch = batch_new((uint32_t)(info - pool->catalog->task), 1);
    if (batch == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    if (batch_add(batch, &args, err) == 0 && run(pool, batch, err) == 0)
        value = outcome_value(pool, batch, 0, err);
    batch_free(batch);
    return value;
}
