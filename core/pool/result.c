/* result.c - what became of calls. See result.h and sopool.h. */
#include "pool/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/futex.h"
#include "base/slab.h"
#include "pool/outcome.h"
#include "pool/pool.h"
#include "value/number.h"
#include "value/value.h"

/* ---- life -------------------------------------------------------------- */

static void hold_pool(void *pool)
{
    pool_ref(pool);
}

static void release_pool(void *pool)
{
    pool_unref(pool);
}

/* A slab of results refers to the pool for all of them. */
static const struct slab_kind results = {1, hold_pool, release_pool};

void results_close(struct sopool_pool *pool)
{
    slab_close(&results, pool);
    slab_trim();
}

static sopool_result *result_of(struct batch *batch)
{
    return (sopool_result *)(void *)batch;
}

void result_ref(sopool_result *r)
{
    (void)atomic_fetch_add(&r->life, RESULT_REF);
}

static void result_destroy(sopool_result *r)
{
    struct sopool_pool *pool = r->pool;
    bool single = r->batch.single;

    while (r->callbacks != NULL) {
        struct callback *callback = r->callbacks;

        r->callbacks = callback->next;
        free(callback);
    }
    if (!single || r->batch.one.kind > OUTCOME_SMALL)
        batch_finish(&r->batch); /* mostly a single holds nothing */
    if (single) {
        slab_free(r);
    } else {
        free(r);
        pool_unref(pool);
    }
}

static unsigned refs_of(unsigned life)
{
    return life / RESULT_REF;
}

void result_unref(sopool_result *r)
{
    /* Who has the last reference need not agree with others. */
    if (refs_of(atomic_load_explicit(&r->life, memory_order_acquire)) == 1 ||
        refs_of(atomic_fetch_sub(&r->life, RESULT_REF)) == 1)
        result_destroy(r);
}

uint32_t result_failures(const sopool_result *r)
{
    if (r->batch.single)
        return r->batch.one.kind == OUTCOME_FAILED;
    return r->batch.store->failed;
}

static void tell_watchers(sopool_result *r)
{
    bool failed = result_failures(r) > 0;

    while (r->watchers != NULL) {
        struct watcher *watcher = r->watchers;

        r->watchers = watcher->next;
        watch_set_told(watcher->set, watcher->index, failed);
    }
}

/* Says that it is done, and gives up so many references; then it may be gone.
 */
static void set_done(sopool_result *r, unsigned refs)
{
    unsigned life = atomic_fetch_add(&r->life, RESULT_DONE - refs * RESULT_REF);

    if ((life & RESULT_WAITED) != 0)
        futex_wake_all(&r->life);
    if (refs > 0 && refs_of(life) == refs)
        result_destroy(r);
}

/* All calls are done. With the pool locked, as settled. */
static void finish(sopool_result *r)
{
    struct sopool_pool *pool = r->pool;

    if (r->batch.single && r->watchers == NULL && r->callbacks == NULL) {
        set_done(r, 1); /* the call's */
    } else {
        set_done(r, 0);
        batch_drop_args(&r->batch);
        tell_watchers(r);
        if (r->callbacks != NULL)
            callbacks_add(pool, r);
        result_unref(r);
    }
    if (pool->callbacks.event >= 0)
        callbacks_signal(pool);
}

static void settled_single(struct batch *batch, uint32_t index,
                           const struct outcome *outcome)
{
    (void)index;
    (void)outcome;
    finish(result_of(batch));
}

static void settled_local(struct batch *batch, uint32_t index,
                          const struct outcome *outcome)
{
    (void)index;
    (void)outcome;
    set_done(result_of(batch), 0);
}

static bool was_taken_back(const struct failure *failure)
{
    return failure->code == SOPOOL_E_CANCELLED && failure->pid == 0;
}

static void settled(struct batch *batch, uint32_t index,
                    const struct outcome *outcome)
{
    struct batch_store *store = batch->store;

    if (outcome != NULL && outcome->kind == OUTCOME_FAILED) {
        store->failed++;
        if (index < store->first_failed)
            store->first_failed = index;
        if (was_taken_back(outcome->data))
            store->taken_back++;
    }
    atomic_store_explicit(&store->undone, batch->undone, memory_order_relaxed);
    if (batch->undone == 0)
        finish(result_of(batch));
}

static void init(sopool_result *r, struct sopool_pool *pool, unsigned refs)
{
    r->pool = pool;
    atomic_init(&r->life, refs * RESULT_REF);
    r->watchers = NULL;
    r->callbacks = NULL;
    r->next_due = NULL;
}

sopool_result *result_new(struct sopool_pool *pool, uint32_t task,
                          uint32_t count, bool many, sopool_error *err)
{
    sopool_result *r = malloc(sizeof(*r));

    if (r == NULL || batch_init(&r->batch, task, count) != 0) {
        free(r);
        (void)error_nomem(err);
        return NULL;
    }
    pool_ref(pool);
    init(r, pool, 1);
    r->batch.settled = settled;
    r->batch.eager = true;
    r->batch.many = many;
    return r;
}

sopool_result *result_new_single(struct sopool_pool *pool,
                                 const struct single *single, sopool_error *err)
{
    const size_t size = single->size, word = sizeof(uint64_t);
    sopool_result *r = slab_alloc(&results, pool, sizeof(*r) + size);

    if (r == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    /* Mostly that is all; a slab has room for it in any case. */
    memcpy(r->args, single->args, word);
    if (size > word)
        memcpy(r->args + word, single->args + word, size - word);
    batch_init_single(&r->batch, single->task, r->args, single->words);
    r->batch.settled = settled_single;
    init(r, pool, 2); /* the program's and the call's */
    return r;
}

void result_init_local(sopool_result *r, struct sopool_pool *pool,
                       uint32_t task, uint32_t words)
{
    batch_init_single(&r->batch, task, r->args, words);
    r->batch.settled = settled_local;
    init(r, pool, 0);
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
    batch_seal(&r->batch);
    result_ref(r); /* the calls' */
    if (r->batch.count == 0) {
        if (pool_accepts(r->pool, err) == 0) {
            finish(r);
            return 0;
        }
    } else if (pool_submit(r->pool, &r->batch, err) == 0) {
        return 0;
    }
    result_unref(r);
    return -1;
}

void result_watch(sopool_result *r, struct watcher *watcher)
{
    result_ref(r);
    if (result_is_done(r)) {
        watch_set_told(watcher->set, watcher->index, result_failures(r) > 0);
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
    struct batch *batch = &r->batch;
    uint32_t first = batch->single ? 0 : batch->store->first_failed;

    if (err == NULL)
        return;
    failure_export(batch_out(batch, first)->data,
                   pool_task_name(r->pool, batch->task), err);
    if (batch->many)
        (void)error_prefix(err, "call %u of %u: ", first + 1, batch->count);
}

_Static_assert((int)VALUE_SHORT == (int)OUTCOME_BYTES, "all that may be");

/* What most results are: one number, or little more. */
static sopool_value *get_small(const struct outcome *one, sopool_error *err)
{
    sopool_value *value = value_short(one->bytes, one->small);

    if (value == NULL)
        (void)error_nomem(err);
    return value;
}

sopool_value *result_get(sopool_result *r, sopool_error *err)
{
    if (r->batch.single && r->batch.one.kind == OUTCOME_SMALL)
        return get_small(&r->batch.one, err);
    if (result_failures(r) == 0)
        return r->batch.many ? outcome_list(&r->batch, err)
                             : outcome_value(r->pool, &r->batch, 0, err);
    result_failure(r, err);
    return NULL;
}

static int check_index(const sopool_result *r, size_t index, sopool_error *err)
{
    if (index >= r->batch.count)
        return error_set(err, SOPOOL_E_USAGE,
                         "there is no call %zu: the result is of %u", index,
                         r->batch.count);
    return 0;
}

/* May this call be read? Under the lock, unless the result is done. */
static int check_settled(sopool_result *r, size_t index, sopool_error *err)
{
    if (batch_out(&r->batch, (uint32_t)index)->kind != OUTCOME_NONE)
        return 0;
    return error_set(err, SOPOOL_E_TIMEOUT, "the call is not done yet");
}

static int may_read(sopool_result *r, size_t index, sopool_error *err)
{
    int status;

    if (check_index(r, index, err) != 0)
        return -1;
    if (result_is_done(r))
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
    return outcome_read(r->pool, &r->batch, (uint32_t)index,
                        size != NULL ? size : &ignored, err);
}

sopool_value *sopool_result_value(sopool_result *r, size_t index,
                                  sopool_error *err)
{
    if (pool_check_ours(r->pool, err) != 0 || may_read(r, index, err) != 0)
        return NULL;
    return outcome_value(r->pool, &r->batch, (uint32_t)index, err);
}

/* A call's result as a word of that type. */
static int get_number(sopool_result *r, size_t index, int type, uint64_t *word,
                      sopool_error *err)
{
    const struct outcome *outcome;
    struct outcome room;
    const void *item;
    size_t size;

    if (pool_check_ours(r->pool, err) != 0 || may_read(r, index, err) != 0)
        return -1;
    outcome = batch_outcome(&r->batch, (uint32_t)index, &room);
    if (outcome->kind == OUTCOME_FAILED) {
        failure_export(outcome->data, pool_task_name(r->pool, r->batch.task),
                       err);
        return -1;
    }
    item = outcome_bytes(outcome, &size);
    if (number_get(type, item, size, word))
        return 0;
    return error_set(err, SOPOOL_E_VALUE, "the result is no %s",
                     sopool_type_name(type));
}

int sopool_result_i64(sopool_result *r, size_t index, int64_t *out,
                      sopool_error *err)
{
    uint64_t word;

    if (get_number(r, index, SOPOOL_I64, &word, err) != 0)
        return -1;
    memcpy(out, &word, sizeof(word));
    return 0;
}

int sopool_result_u64(sopool_result *r, size_t index, uint64_t *out,
                      sopool_error *err)
{
    return get_number(r, index, SOPOOL_U64, out, err);
}

int sopool_result_f64(sopool_result *r, size_t index, double *out,
                      sopool_error *err)
{
    uint64_t word;

    if (get_number(r, index, SOPOOL_F64, &word, err) != 0)
        return -1;
    memcpy(out, &word, sizeof(word));
    return 0;
}

sopool_value *sopool_result_get(sopool_result *r, int64_t timeout_ms,
                                sopool_error *err)
{
    bool there = result_is_done(r) && pool_is_ours(r->pool);

    if (!there && result_wait(r, timeout_ms, err) != 0)
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
    if (result_failures(r) == 0)
        return 0;
    result_failure(r, why);
    return 1;
}

size_t sopool_result_count(const sopool_result *r)
{
    return r->batch.count;
}

bool sopool_result_done(const sopool_result *r)
{
    return result_is_done(r);
}

size_t sopool_result_progress(const sopool_result *r)
{
    if (r->batch.single)
        return result_is_done(r);
    return r->batch.count - atomic_load(&r->batch.store->undone);
}

bool sopool_result_successful(const sopool_result *r)
{
    return result_is_done(r) && result_failures(r) == 0;
}

/* Of a result that is done: was all of it taken back? */
static bool is_cancelled(const sopool_result *r)
{
    const struct batch *batch = &r->batch;

    if (!batch->single)
        return batch->count > 0 && batch->store->taken_back == batch->count;
    return batch->one.kind == OUTCOME_FAILED && was_taken_back(batch->one.data);
}

bool sopool_result_cancelled(const sopool_result *r)
{
    return result_is_done(r) && is_cancelled(r);
}

/* ---- changing what is not done ----------------------------------------- */

bool sopool_result_running(const sopool_result *r)
{
    bool running = false;
    uint32_t index;

    if (result_is_done(r) || pool_enter(r->pool, NULL) != 0)
        return false;
    pthread_mutex_lock(&r->pool->lock);
    for (struct member *m = r->pool->members; m != NULL && !running;
         m = m->next)
        running = member_runs(m, &index) == &r->batch;
    running = running && !result_is_done(r);
    pthread_mutex_unlock(&r->pool->lock);
    pool_leave(r->pool);
    return running;
}

/* With the pool locked: takes back what has not begun. */
static void take_back(sopool_result *r)
{
    sopool_error why;

    (void)error_set(&why, SOPOOL_E_CANCELLED, "the call was cancelled");
    r->batch.retries = 0;
    batch_cancel(r->pool, &r->batch, &why);
}

bool sopool_result_cancel(sopool_result *r)
{
    bool cancelled;

    if (pool_enter(r->pool, NULL) != 0)
        return false;
    pthread_mutex_lock(&r->pool->lock);
    if (!result_is_done(r)) {
        take_back(r);
        (void)batch_stop(r->pool, &r->batch);
    }
    cancelled = result_is_done(r) && is_cancelled(r);
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
    if (!result_is_done(r)) {
        take_back(r);
        count = batch_kill(r->pool, &r->batch);
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
    if (status == 0 && result_is_done(r) && !r->batch.due)
        callbacks_add(r->pool, r);
    pthread_mutex_unlock(&r->pool->lock);
    pool_leave(r->pool);
    return status;
}

void sopool_result_free(sopool_result *r)
{
    struct sopool_pool *pool;

    if (r == NULL)
        return;
    pool = r->pool;
    if (r->batch.single) { /* its slab keeps the pool */
        if (pool_enter_briefly(pool, NULL) != 0)
            return;
        result_unref(r);
        pool_leave_briefly();
        return;
    }
    if (pool_enter(pool, NULL) != 0)
        return;
    result_unref(r);
    pool_leave(pool);
}
