/* outcome.c - see outcome.h. */
#include "pool/outcome.h"

#include <string.h>

#include "base/error.h"
#include "value/encode.h"
#include "value/value.h"

int outcome_check(const struct sopool_pool *pool, uint32_t task,
                  const void *item, size_t size, sopool_error *err)
{
    if (signature_check_result(&pool->catalog->signature[task], item, size,
                               err) == 0)
        return 0;
    if (err != NULL)
        (void)strncpy(err->task, pool_task_name(pool, task),
                      sizeof(err->task) - 1);
    return -1;
}

/* The outcome of a call, which stays where it is. */
static const struct outcome *keep(struct sopool_pool *pool, struct batch *batch,
                                  uint32_t index)
{
    struct outcome *outcome = batch_out(batch, index);
    struct outcome room;

    if (batch->single || batch->store->numbers == NULL)
        return outcome;
    /* Others may be reading it, too, and look at its kind without the lock. */
    pthread_mutex_lock(&pool->lock);
    if (batch_outcome(batch, index, &room) == &room) {
        memcpy(&outcome->small, &room.small, sizeof(room) - sizeof(room.kind));
        __atomic_store_n(&outcome->kind, room.kind, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&pool->lock);
    return outcome;
}

const void *outcome_read(struct sopool_pool *pool, struct batch *batch,
                         uint32_t index, size_t *size, sopool_error *err)
{
    const struct outcome *outcome = keep(pool, batch, index);
    const void *item;

    if (outcome->kind == OUTCOME_FAILED) {
        if (err != NULL)
            failure_export(outcome->data, pool_task_name(pool, batch->task),
                           err);
        return NULL;
    }
    item = outcome_bytes(outcome, size);
    if (batch->eager || outcome_check(pool, batch->task, item, *size, err) == 0)
        return item;
    return NULL;
}

sopool_value *outcome_value(struct sopool_pool *pool, struct batch *batch,
                            uint32_t index, sopool_error *err)
{
    size_t size;
    const void *item = outcome_read(pool, batch, index, &size, err);
    const struct outcome *outcome = batch_out(batch, index);
    sopool_value *value;

    if (item == NULL)
        return NULL;
    if (outcome->kind == OUTCOME_BIG)
        return value_share((sopool_value *)(uintptr_t)outcome->data);
    value = value_copy(item, size);
    if (value == NULL)
        (void)error_nomem(err);
    return value;
}

sopool_value *outcome_list(struct batch *batch, sopool_error *err)
{
    struct buf list = {0};
    sopool_value *value = NULL;
    sopool_writer w = buf_writer(&list);

    (void)sopool_put_array(&w, batch->count);
    for (uint32_t i = 0; i < batch->count; i++) {
        struct outcome room;
        size_t size;
        const void *item = outcome_bytes(batch_outcome(batch, i, &room), &size);

        (void)sopool_put_raw(&w, item, size);
    }
    if (buf_written(&list, &w) == 0)
        value = value_copy(list.data, list.size);
    if (value == NULL)
        (void)error_nomem(err);
    buf_finish(&list);
    return value;
}
