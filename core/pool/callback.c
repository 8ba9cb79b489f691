/* callback.c - calling programs back. See callback.h and sopool.h.
 *
 * What is called belongs to the program and may do anything: take long, submit,
 * destroy the pool, end its thread. So it is called with nothing locked, on a
 * thread that does nothing else, after the result is settled; and each callback
 * is taken off its result before it is called, so that it is called once.
 */
#include "pool/callback.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "pool/pool.h"
#include "pool/result.h"

static _Thread_local const struct sopool_pool *current;

bool callbacks_current(const struct sopool_pool *pool)
{
    return current == pool;
}

void callbacks_init(struct callbacks *callbacks)
{
    (void)pthread_cond_init(&callbacks->due, NULL);
    callbacks->event = -1;
}

void callbacks_finish(struct callbacks *callbacks)
{
    if (callbacks->event >= 0)
        (void)close(callbacks->event);
    (void)pthread_cond_destroy(&callbacks->due);
}

bool callbacks_idle(const struct sopool_pool *pool)
{
    return pool->callbacks.first == NULL && pool->callbacks.running == 0;
}

uint64_t callbacks_count(const struct sopool_pool *pool)
{
    uint64_t count = 0;

    for (const sopool_result *r = pool->callbacks.first; r != NULL;
         r = r->next_due)
        for (const struct callback *c = r->callbacks; c != NULL; c = c->next)
            count++;
    return count;
}

/* ---- what is due ------------------------------------------------------- */

void callbacks_signal(struct sopool_pool *pool)
{
    const uint64_t one = 1;

    if (pool->callbacks.event < 0 || pool->callbacks.signalled)
        return;
    pool->callbacks.signalled = true;
    (void)!write(pool->callbacks.event, &one, sizeof(one));
}

void callbacks_add(struct sopool_pool *pool, sopool_result *r)
{
    struct callbacks *callbacks = &pool->callbacks;

    result_ref(r);
    r->batch.due = true;
    r->next_due = NULL;
    if (callbacks->first == NULL)
        callbacks->first = r;
    else
        callbacks->last->next_due = r;
    callbacks->last = r;
    pthread_cond_signal(&callbacks->due);
    callbacks_signal(pool);
    if (callbacks->event >= 0) /* who waits for the end is to call back */
        pthread_cond_broadcast(&pool->changed);
}

static bool applies(const sopool_result *r, const struct callback *callback)
{
    return callback->when == ON_DONE ||
           (callback->when == ON_FAILURE) == (result_failures(r) > 0);
}

/* The next callback to be called, with its result, which is then referred to;
 * NULL: nothing is due. */
static struct callback *take(struct sopool_pool *pool, sopool_result **result)
{
    struct callbacks *callbacks = &pool->callbacks;

    while (callbacks->first != NULL) {
        sopool_result *r = callbacks->first;
        struct callback *callback = r->callbacks;

        if (callback == NULL) {
            callbacks->first = r->next_due;
            r->batch.due = false;
            result_unref(r); /* the list's */
            continue;
        }
        r->callbacks = callback->next;
        if (applies(r, callback)) {
            result_ref(r);
            *result = r;
            return callback;
        }
        free(callback);
    }
    return NULL;
}

/* ---- calling ----------------------------------------------------------- */

/* A callback that is called at this moment. */
struct calling {
    struct sopool_pool *pool;
    sopool_result *result;
    const struct sopool_pool *outer; /* dispatching may be nested */
    bool on_thread;                  /* on the callback thread */
};

static int start_thread(struct sopool_pool *pool, sopool_error *err);

/* After a callback, however it ended. Locks the pool. */
static void called(struct calling *calling)
{
    struct sopool_pool *pool = calling->pool;

    current = calling->outer;
    pool_step_in();
    pthread_mutex_lock(&pool->lock);
    pool->callbacks.running--;
    result_unref(calling->result);
    if (callbacks_idle(pool))
        pthread_cond_broadcast(&pool->changed);
}

/* The callback has ended its thread: another one goes on. */
static void thread_lost(void *arg)
{
    struct calling *calling = arg;
    struct sopool_pool *pool = calling->pool;

    called(calling);
    if (calling->on_thread) {
        if (!pool->callbacks.joined)
            (void)pthread_detach(pthread_self());
        pool->callbacks.has_thread = false;
        (void)start_thread(pool, NULL);
    }
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
}

/* Calls one; the pool is locked before and after, and not meanwhile. */
static void call(struct sopool_pool *pool, struct callback *callback,
                 sopool_result *result, bool on_thread)
{
    struct calling calling = {pool, result, current, on_thread};
    struct callback what = *callback;

    free(callback);
    pool->callbacks.running++;
    pthread_mutex_unlock(&pool->lock);
    pool_step_out();
    current = pool;
    pthread_cleanup_push(thread_lost, &calling);
    what.function(result, what.ctx);
    pthread_cleanup_pop(0);
    called(&calling);
}

int callbacks_run(struct sopool_pool *pool)
{
    struct callback *callback;
    sopool_result *result;
    int count = 0;

    while ((callback = take(pool, &result)) != NULL) {
        call(pool, callback, result, false);
        count++;
    }
    return count;
}

/* ---- the thread -------------------------------------------------------- */

/* Once there is an event loop, it leaves all to that. */
static void serve(struct sopool_pool *pool)
{
    struct callbacks *callbacks = &pool->callbacks;
    struct callback *callback;
    sopool_result *result;

    for (;;) {
        while (callbacks->event < 0 && (callback = take(pool, &result)) != NULL)
            call(pool, callback, result, true);
        if (callbacks_idle(pool))
            pthread_cond_broadcast(&pool->changed);
        if (callbacks->ending)
            return;
        (void)pthread_cond_wait(&callbacks->due, &pool->lock);
    }
}

static void *run_thread(void *arg)
{
    struct sopool_pool *pool = arg;

    pool_step_in();
    pthread_mutex_lock(&pool->lock);
    serve(pool);
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return NULL;
}

/* With all signals blocked: they are for the program's threads. */
static int start_thread(struct sopool_pool *pool, sopool_error *err)
{
    sigset_t all, before;
    int status;

    pool_ref(pool); /* the thread's */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&pool->callbacks.thread, NULL, run_thread, pool);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    pool->callbacks.has_thread = status == 0;
    if (status == 0)
        return 0;
    pool_unref(pool);
    errno = status;
    return error_errno(err, "cannot start a thread for callbacks");
}

int callbacks_start(struct sopool_pool *pool, sopool_error *err)
{
    if (pool->callbacks.has_thread || pool->callbacks.event >= 0)
        return 0;
    return start_thread(pool, err);
}

/* Waits for the thread, and for the one that took its place. */
static void join_thread(struct sopool_pool *pool)
{
    pool->callbacks.joined = true;
    while (pool->callbacks.has_thread) {
        pthread_t thread = pool->callbacks.thread;

        pthread_mutex_unlock(&pool->lock);
        (void)pthread_join(thread, NULL);
        pthread_mutex_lock(&pool->lock);
        if (pthread_equal(thread, pool->callbacks.thread))
            pool->callbacks.has_thread = false;
    }
}

void callbacks_end(struct sopool_pool *pool)
{
    struct callbacks *callbacks = &pool->callbacks;

    pthread_mutex_lock(&pool->lock);
    callbacks->ending = true;
    pthread_cond_broadcast(&callbacks->due);
    if (current != pool) {
        join_thread(pool);
        (void)callbacks_run(pool);
    } else if (callbacks->has_thread) {
        (void)pthread_detach(callbacks->thread);
        callbacks->has_thread = false;
        callbacks->joined = true;
    }
    pthread_mutex_unlock(&pool->lock);
}

/* ---- event loops ------------------------------------------------------- */

static int make_event(struct sopool_pool *pool, sopool_error *err)
{
    int fd = fd_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

    if (fd < 0)
        return error_errno(err, "cannot make a descriptor for an event loop");
    pool->callbacks.event = fd;
    if (pool->callbacks.first != NULL)
        callbacks_signal(pool);
    return 0;
}

int sopool_fd(sopool_pool *pool, sopool_error *err)
{
    int fd = -1;

    if (pool_enter(pool, err) != 0)
        return -1;
    pthread_mutex_lock(&pool->lock);
    if (pool->callbacks.event >= 0 || make_event(pool, err) == 0)
        fd = pool->callbacks.event;
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return fd;
}

int sopool_dispatch(sopool_pool *pool, sopool_error *err)
{
    uint64_t value;
    int count;

    if (pool_enter(pool, err) != 0)
        return -1;
    pthread_mutex_lock(&pool->lock);
    if (pool->callbacks.signalled) {
        pool->callbacks.signalled = false;
        (void)!read(pool->callbacks.event, &value, sizeof(value));
    }
    count = callbacks_run(pool);
    pthread_mutex_unlock(&pool->lock);
    pool_leave(pool);
    return count;
}
