/* result.c - what became of calls. See result.h and sopool.h. */
#include "pool/result.h"

#include <stdlib.h>

#include "base/error.h"
#include "pool/outcome.h"
#include "pool/pool.h"
#include "value/value.h"

/* ---- life -------------------------------------------------------------- */

void result_ref(sopool_result *r)
{
    (void)atomic_fetch_add(&r->refs, 1);
}

void result_unref(sopool_result *r)
{
    struct sopool_pool *pool = r->pool;

    if (atomic_fetch_sub(&r->refs, 1) != 1)
        return;
    while (r->callbacks != NULL) {
        struct callback *callback = r->callbacks;

        r->callbacks = callback->next;
        free(callback);
    }
    batch_free(r->batch);
    free(r);
    pool_unref(pool);
}

/* All calls are done. With the pool locked, as settled. */
static void finish(sopool_result *r)
{
    batch_drop_args(r->batch);
    atomic_store(&r->done, true);
    while (r->watchers != NULL) {
        struct watcher *watcher = r->watchers;

        r->watchers = watcher->next;
        watch_set_told(watcher->set, watcher->index, r->failed > 0);
    }
    if (r->callbacks != NULL)
        callbacks_add(r->pool, r);
    callbacks_signal(r->pool);
    result_unref(r); /* the calls' */
}

static void settled(struct batch *batch, uint32_t index)
{
    sopool_result *r = batch->owner;

    if (batch->out[index].kind == OUTCOME_FAILED) {
        const struct failure *failure = batch->out[index].data;

        r->failed++;
        if (index < r->first_failed)
            r->first_failed = index;
        if (failure->code == SOPOOL_E_CANCELLED && failure->pid == 0)
            r->taken_back++;
    }
    atomic_store_explicit(&r->undone, batch->undone, memory_order_relaxed);
    if (batch->undone > 0)
        return;
    r->cancelled = r->taken_back == batch->count;
    finish(r);
}

sopool_result *result_new(struct sopool_pool *pool, struct batch *batch,
                          bool many, sopool_error *err)
{
    sopool_result *r = calloc(1, sizeof(*r));

    if (r == NULL) {
        batch_free(batch);
        (void)error_nomem(err);
        return NULL;
    }
    pool_ref(pool);
    r->pool = pool;
    r->batch = batch;
    r->many = many;
    r->first_failed = UINT32_MAX;
    atomic_init(&r->refs, 1);
    atomic_init(&r->undone, batch->count);
    batch->owner = r;
    batch->settled = settled;
    batch->eager = true;
    batch_seal(batch);
    return r;
}

int result_on(sopool_result *r, enum callback_when when,
              sopool_callback *function, void *ctx, sopool_error *err)
{
    struct callback **at = &r->callbacks;
    struct callback *callback = malloc(sizeof(*callback));

    if (callback == NULL)
        return error_nomem(err);
    *callback = (struct callback){NULL, when, function, ctx};
    while (*at != NULL)
        at = &(*at)->next;
    *at = callback;
    return 0;
}

int result_submit(sopool_result *r, sopool_error *err)
{
    result_ref(r); /* the calls' */
    if (r->batch->count == 0) {
        if (pool_accepts(r->pool, err) == 0) {
            finish(r);
            return 0;
        }
    } else if (pool_submit(r->pool, r->batch, err) == 0) {
        return 0;
    }
    result_unref(r);
    return -1;
}

void result_watch(sopool_result *r, struct watcher *watcher)
{
    result_ref(r);
    if (atomic_load(&r->done)) {
        watch_set_told(watcher->set, watcher->index, r->failed > 0);
        return;
    }
    watcher->next = r->watchers;
    r->watchers = watcher;
}

void result_unwatch(sopool_result *r, struct watcher *watcher)
{
    struct watcher **at = &r->watchers;

    while (*at != NULL && *at != watcher)
        at = &(*at)->next;
    if (*at != NULL)
        *at = watcher->next;
    result_unref(r);
}

/* ---- reading what is done ---------------------------------------------- */

void result_failure(sopool_result *r, sopool_error *err)
{
    const struct batch *batch = r->batch;

    if (err == NULL)
        return;
    failure_export(batch->out[r->first_failed].data,
                   pool_task_name(r->pool, batch->task), err);
    if (r->many)
        (void)error_prefix(err, "call %u of %u: ", r->first_failed + 1,
                           batch->count);
}

sopool_value *result_get(sopool_result *r, sopool_error *err)
{
    if (r->failed == 0)
        return r->many ? outcome_list(r->batch, err)
                       : outcome_value(r->pool, r->batch, 0, err);
    result_failure(r, err);
    return NULL;
}

static int check_index(const sopool_result *r, size_t index, sopool_error *err)
{
    if (index >= r->batch->count)
        return error_set(err, SOPOOL_E_USAGE,
                         "there is no call %zu: the result is of %u", index,
                         r->batch->count);
    return 0;
}

/* May this call be read? Under the lock, unless the result is done. */
static int check_settled(const sopool_result *r, size_t index,
                         sopool_error *err)
{
    if (r->batch->out[index].kind != OUTCOME_NONE)
        return 0;
    return error_set(err, SOPOOL_E_TIMEOUT, "the call is not done yet");
}

static int may_read(sopool_result *r, size_t index, sopool_error *err)
{
    int status;

    if (check_index(r, index, err) != 0)
        return -1;
    if (atomic_load(&r->done))
        return 0;
    if (pool_enter(r->pool, err) != 0)
        return -1;
    pthread_mutex_lock(&r->pool->lock);
    status = check_settled(r, index, err);
    pthread_mutex_unlock(&r->pool->lock);
    pool_leave(r->pool);
    return status;
}

const void *sopool_result_item(sopool_result *r, size_t index, size_t *size,
                               sopool_error *err)
{
    size_t ignored;

    if (pool_check_ours(r->pool, err) != 0 || may_read(r, index, err) != 0)
        return NULL;
    return outcome_read(r->pool, r->batch, (uint32_t)index,
                        size != NULL ? size : &ignored, err);
}

sopool_value *sopool_result_value(sopool_result *r, size_t index,
                                  sopool_error *err)
{
    if (pool_check_ours(r->pool, err) != 0 || may_read(r, index, err) != 0)
        return NULL;
    return outcome_value(r->pool, r->batch, (uint32_t)index, err);
}

sopool_value *sopool_result_get(sopool_result *r, int64_t timeout_ms,
                                sopool_error *err)
{
    if (result_wait(r, timeout_ms, err) != 0)
        return NULL;
    return result_get(r, err);
}

int sopool_result_wait(sopool_result *r, int64_t timeout_ms, sopool_error *err)
{
    return result_wait(r, timeout_ms, err);
}

int sopool_result_exception(sopool_result *r, int64_t timeout_ms,
                            sopool_error *why, sopool_error *err)
{
    if (result_wait(r, timeout_ms, err) != 0)
        return -1;
    if (r->failed == 0)
        return 0;
    result_failure(r, why);
    return 1;
}

size_t sopool_result_count(const sopool_result *r)
{
    return r->batch->count;
}

bool sopool_result_done(const sopool_result *r)
{
    return atomic_load(&r->done);
}

size_t sopool_result_progress(const sopool_result *r)
{
    return r->batch->count - atomic_load(&r->undone);
}

bool sopool_result_successful(const sopool_result *r)
{
    return atomic_load(&r->done) && r->failed == 0;
}

bool sopool_result_cancelled(const sopool_result *r)
{
    return atomic_load(&r->done) && r->cancelled;
}

/* ---- changing what is not done ----------------------------------------- */

bool sopool_result_running(const sopool_result *r)
{
    bool running = false;
    uint32_t index;

    if (atomic_load(&r->done) || pool_enter(r->pool, NULL) != 0)
        return false;
    pthread_mutex_lock(&r->pool->lock);
    for (struct member *m = r->pool->members; m != NULL && !running;
         m = m->next)
        running = m->state != MEMBER_DEAD && m->state != MEMBER_LOST &&
                  member_running(m, &index) == r->batch;
    running = running && !atomic_load(&r->done);
    pthread_mutex_unlock(&r->pool->lock);
    pool_leave(r->pool);
    return running;
}

/* With the pool locked: takes back what has not begun. */
static void take_back(sopool_result *r)
{
    sopool_error why;

    (void)error_set(&why, SOPOOL_E_CANCELLED, "the call was cancelled");
    r->batch->retries = 0;
    batch_cancel(r->pool, r->batch, &why);
}

bool sopool_result_cancel(sopool_result *r)
{
    bool cancelled;

    if (pool_enter(r->pool, NULL) != 0)
        return false;
    pthread_mutex_lock(&r->pool->lock);
    if (!atomic_load(&r->done)) {
        take_back(r);
        (void)batch_stop(r->pool, r->batch);
    }
    cancelled = r->cancelled;
    pthread_mutex_unlock(&r->pool->lock);
    pool_leave(r->pool);
    return cancelled;
}

size_t sopool_result_kill(sopool_result *r)
{
    size_t count = 0;

    if (pool_enter(r->pool, NULL) != 0)
        return 0;
    pthread_mutex_lock(&r->pool->lock);
    if (!atomic_load(&r->done)) {
        take_back(r);
        count = batch_kill(r->pool, r->batch);
        pool_wake(r->pool);
    }
    pthread_mutex_unlock(&r->pool->lock);
    pool_leave(r->pool);
    return count;
}

int sopool_result_add_done_callback(sopool_result *r, sopool_callback *callback,
                                    void *ctx, sopool_error *err)
{
    int status;

    if (pool_enter(r->pool, err) != 0)
        return -1;
    pthread_mutex_lock(&r->pool->lock);
    status = callbacks_start(r->pool, err);
    if (status == 0)
        status = result_on(r, ON_DONE, callback, ctx, err);
    if (status == 0 && atomic_load(&r->done) && !r->due)
        callbacks_add(r->pool, r);
    pthread_mutex_unlock(&r->pool->lock);
    pool_leave(r->pool);
    return status;
}

void sopool_result_free(sopool_result *r)
{
    struct sopool_pool *pool;

    if (r == NULL || pool_enter(r->pool, NULL) != 0)
        return;
    pool = r->pool;
    result_unref(r);
    pool_leave(pool);
}
