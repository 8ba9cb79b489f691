/* callback.h - calling programs back: what a pool keeps for it. */
#ifndef SOPOOL_POOL_CALLBACK_H
#define SOPOOL_POOL_CALLBACK_H

#include <pthread.h>
#include <stdbool.h>

#include "sopool.h"

struct sopool_pool;

/* When a callback is called. */
enum callback_when { ON_SUCCESS, ON_FAILURE, ON_DONE };

struct callback {
    struct callback *next;
    enum callback_when when;
    sopool_callback *function;
    void *ctx;
};

/* Results that are done and have callbacks wait in a list. They are served by
 * the pool's callback thread or, once sopool_fd was called, by sopool_dispatch.
 */
struct callbacks {
    sopool_result *first, *last;
    uint64_t running; /* callbacks that are called at this moment */
    pthread_cond_t due;
    pthread_t thread;
    bool has_thread;
    bool joined;    /* somebody has seen to the end of the thread */
    bool ending;    /* it ends when nothing is due */
    int event;      /* an eventfd, or -1: no event loop */
    bool signalled; /* it is readable */
};

/* With the pool locked, as all but callbacks_current. */

void callbacks_init(struct callbacks *callbacks);
void callbacks_finish(struct callbacks *callbacks);

/* Makes sure that there is somebody to call back. -1: no memory. */
int callbacks_start(struct sopool_pool *pool, sopool_error *err);

/* A done result has callbacks to be called. */
void callbacks_add(struct sopool_pool *pool, sopool_result *result);

/* Something can be looked at by an event loop. */
void callbacks_signal(struct sopool_pool *pool);

/* How many are due. */
uint64_t callbacks_count(const struct sopool_pool *pool);

/* Is nothing due, and none running? */
bool callbacks_idle(const struct sopool_pool *pool);

/* Calls all that is due, in this thread; how many. */
int callbacks_run(struct sopool_pool *pool);

/* Ends the callback thread when it has called all; waits for it, unless this
 * is a callback. Not locked. */
void callbacks_end(struct sopool_pool *pool);

/* Is this thread in a callback of the pool? Not locked. */
bool callbacks_current(const struct sopool_pool *pool);

#endif
