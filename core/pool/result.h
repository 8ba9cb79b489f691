/* result.h - what a program gets for calls that it has submitted.
 *
 * A result has one batch. It lives as long as somebody refers to it: the
 * program, the calls until they are done, a callback that is due, those who
 * wait. It refers to its pool.
 */
#ifndef SOPOOL_POOL_RESULT_H
#define SOPOOL_POOL_RESULT_H

#include <stdatomic.h>

#include "base/counted.h"
#include "pool/batch.h"
#include "pool/callback.h"

struct member;
struct watch_set;

/* One result in a set that somebody waits for. */
struct watcher {
    struct watcher *next; /* the result's list */
    struct watch_set *set;
    sopool_result *result;
    size_t index; /* in the set */
};

/* A result is done, or somebody sleeps until it is; one who refers to it. All
 * in one word, so that a call is done and leaves its result in one step. */
enum { RESULT_DONE = 1, RESULT_WAITED = 2, RESULT_REF = 4 };

struct sopool_result {
    struct batch batch;       /* first: see result_of */
    struct sopool_pool *pool; /* referred to */
    atomic_uint life;

    /* Under the pool's lock. */
    struct watcher *watchers;
    struct callback *callbacks; /* owned */
    sopool_result *next_due;    /* the pool's list */

    uint8_t args[]; /* of a single */
};
_Static_assert(sizeof(sopool_result) <= 112, "120 with a slab's word");

static inline bool result_is_done(const sopool_result *r)
{
    return (atomic_load_explicit(&r->life, memory_order_acquire) &
            RESULT_DONE) != 0;
}

/* How many of its calls failed. Once it is done. */
uint32_t result_failures(const sopool_result *r);

/* A result for that many calls, which are still to be added to its batch. NULL:
 * no memory. */
sopool_result *result_new(struct sopool_pool *pool, uint32_t task,
                          uint32_t count, bool many, sopool_error *err);

/* One small call, and its arguments as batch_init_single says. */
enum { SINGLE_ARGS = 256 };
struct single {
    uint32_t task;
    uint32_t words;
    size_t size; /* of args */
    _Alignas(8) uint8_t args[SINGLE_ARGS];
};

/* A result of it. NULL: no memory. */
COUNTED sopool_result *result_new_single(struct sopool_pool *pool,
                                         const struct single *single,
                                         sopool_error *err);

/* The same in memory of the caller's, who waits until it is done; nobody else
 * refers to it. `r->args` is filled in already. */
void result_init_local(sopool_result *r, struct sopool_pool *pool,
                       uint32_t task, uint32_t words);

/* Adds a callback that is to be called when the result is done. */
int result_on(sopool_result *result, enum callback_when when,
              sopool_callback *function, void *ctx, sopool_error *err);

/* With the pool locked: submits its batch. */
int result_submit(sopool_result *result, sopool_error *err);

void result_ref(sopool_result *result);

/* The last one frees. The pool may be locked or not. */
void result_unref(sopool_result *result);

/* With the pool locked: the watcher's set is told when the result is done,
 * maybe at once. */
void result_watch(sopool_result *result, struct watcher *watcher);
void result_unwatch(sopool_result *result, struct watcher *watcher);

/* Of a result that is done: its value, or how it failed. */
sopool_value *result_get(sopool_result *result, sopool_error *err);
void result_failure(sopool_result *result, sopool_error *err);

/* ---- wait.c ------------------------------------------------------------ */

/* A watched result is done. With its pool locked. */
void watch_set_told(struct watch_set *set, size_t index, bool failed);

/* Waits for one result: 0, or -1 when the time passed. Not locked. */
int result_wait(sopool_result *result, int64_t timeout_ms, sopool_error *err);

/* Waits for a local result that its worker has, which is watched until then. */
void result_await(sopool_result *result, struct member *worker);

/* Submits a local result and waits for it: 0, or -1 if the pool takes none. The
 * pool was entered. */
int result_run(sopool_result *result, sopool_error *err);

#endif
