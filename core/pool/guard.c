/* guard.c - who may come in. See pool.h.
 *
 * A pool belongs to the process that opened it: in a child of fork() its lock
 * may be held by a thread that is not there, and its workers are another's. So
 * each process has a number, which a handler of pthread_atfork changes, and a
 * pool knows the one that it was opened under.
 *
 * A signal handler that calls a pool while its thread is inside would wait for
 * a lock that it keeps from being released. So a thread knows that it is
 * inside, and how often. Nor may it be cancelled there, holding the lock.
 *
 * The pool's memory goes with its last user: the program until it destroys the
 * pool, threads that are inside, results, streams.
 */
#include "pool/pool.h"

#include "base/error.h"
#include "worker/launch.h"

atomic_uint pool_process = 1;
_Thread_local unsigned pool_inside FAST_TLS;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local int cancelable FAST_TLS;

static void count_fork(void)
{
    (void)atomic_fetch_add(&pool_process, 1);
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, count_fork);
}

void pool_guard_init(unsigned *out)
{
    (void)pthread_once(&once, watch_forks);
    *out = atomic_load(&pool_process);
}

int pool_check_ours(const struct sopool_pool *pool, sopool_error *err)
{
    if (pool_is_ours(pool))
        return 0;
    return error_set(err, SOPOOL_E_FORKED,
                     "the pool belongs to the process that opened it; after "
                     "fork() open another");
}

int pool_check_thread(sopool_error *err)
{
    if (pool_inside == 0)
        return 0;
    return error_set(err, SOPOOL_E_REENTERED,
                     "called by a signal handler that interrupted the library; "
                     "only close, terminate and stop may be");
}

int pool_enter(struct sopool_pool *pool, sopool_error *err)
{
    if (pool_check_ours(pool, err) != 0 || pool_check_thread(err) != 0)
        return -1;
    pool_step_in();
    pool_ref(pool);
    return 0;
}

void pool_leave(struct sopool_pool *pool)
{
    pool_unref(pool);
    pool_step_out();
}

int pool_refuse(const struct sopool_pool *pool, sopool_error *err)
{
    return pool_check_ours(pool, err) != 0 ? -1 : pool_check_thread(err);
}

void pool_step_in(void)
{
    pool_inside++;
    atomic_signal_fence(memory_order_seq_cst);
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelable);
}

void pool_step_out(void)
{
    int ignored;

    (void)pthread_setcancelstate(cancelable, &ignored);
    atomic_signal_fence(memory_order_seq_cst);
    pool_inside--;
}

int pool_may_wait(const struct sopool_pool *pool, sopool_error *err)
{
    if (launch_thread_owner() != pool)
        return 0;
    return error_set(err, SOPOOL_E_DEADLOCK,
                     "a task that waits for its own pool keeps the worker that "
                     "it waits for; submit without waiting, or use two pools");
}

void pool_ref(struct sopool_pool *pool)
{
    (void)atomic_fetch_add(&pool->refs, 1);
}

void pool_unref(struct sopool_pool *pool)
{
    if (atomic_fetch_sub(&pool->refs, 1) == 1)
        pool_free(pool);
}
