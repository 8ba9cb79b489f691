/* result.h - what a program gets for calls that it has submitted.
 *
 * A result has one batch. It lives as long as somebody refers to it: the
 * program, the calls until they are done, a callback that is due, those who
 * wait. It refers to its pool.
 */
#ifndef SOPOOL_POOL_RESULT_H
#define SOPOOL_POOL_RESULT_H

#include <stdatomic.h>

#include "pool/batch.h"
#include "pool/callback.h"

struct watch_set;

/* One result in a set that somebody waits for. */
struct watcher {
    struct watcher *next; /* the result's list */
    struct watch_set *set;
    sopool_result *result;
    size_t index; /* in the set */
};

struct sopool_result {
    struct sopool_pool *pool; /* referred to */
    struct batch *batch;      /* owned */
    bool many;                /* of a map, maybe of one call */
    atomic_uint refs;
    atomic_bool done;
    atomic_uint undone; /* calls; for those who ask without the lock */

    /* Under the pool's lock; final once it is done. */
    uint32_t failed;       /* calls that failed */
    uint32_t first_failed; /* the first of them by number */
    uint32_t taken_back;   /* calls that failed because they were cancelled */
    bool cancelled;        /* all of them */
    struct watcher *watchers;
    struct callback *callbacks; /* owned */
    sopool_result *next_due;    /* the pool's list */
    bool due;                   /* it is there */
};

/* A result for a batch, which it owns from then on (also on failure). NULL: no
 * memory. */
sopool_result *result_new(struct sopool_pool *pool, struct batch *batch,
                          bool many, sopool_error *err);

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

#endif
