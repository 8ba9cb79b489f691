/* wait.c - waiting for results, of one pool or of several. See sopool.h.
 *
 * Who waits makes a set, with a watcher in each result; a result that is done
 * tells the sets that watch it. The set has a lock of its own, which is taken
 * after a pool's and never before it.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/futex.h"
#include "base/pause.h"
#include "pool/pool.h"
#include "pool/result.h"

struct watch_set {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct watcher *watcher; /* of each result */
    size_t *order;           /* which are done, the first first */
    size_t count, done, failed;
};

/* ---- sets -------------------------------------------------------------- */

static void set_init(struct watch_set *set, struct watcher *watcher,
                     size_t *order, size_t count)
{
    *set =
        (struct watch_set){.watcher = watcher, .order = order, .count = count};
    (void)pthread_mutex_init(&set->lock, NULL);
    clock_cond_init(&set->changed);
}

static void set_finish(struct watch_set *set)
{
    (void)pthread_cond_destroy(&set->changed);
    (void)pthread_mutex_destroy(&set->lock);
}

void watch_set_told(struct watch_set *set, size_t index, bool failed)
{
    pthread_mutex_lock(&set->lock);
    set->order[set->done++] = index;
    set->failed += failed;
    pthread_cond_signal(&set->changed);
    pthread_mutex_unlock(&set->lock);
}

static void watch(struct watch_set *set, sopool_result *result, size_t index)
{
    struct watcher *watcher = &set->watcher[index];

    *watcher = (struct watcher){.set = set, .result = result, .index = index};
    pthread_mutex_lock(&result->pool->lock);
    result_watch(result, watcher);
    pthread_mutex_unlock(&result->pool->lock);
}

static void unwatch_all(struct watch_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct sopool_pool *pool = set->watcher[i].result->pool;

        pool_ref(pool);
        pthread_mutex_lock(&pool->lock);
        result_unwatch(set->watcher[i].result, &set->watcher[i]);
        pthread_mutex_unlock(&pool->lock);
        pool_unref(pool);
    }
}

/* Is this what is waited for? */
typedef bool set_condition(const struct watch_set *set, size_t arg);

static bool has_done(const struct watch_set *set, size_t many)
{
    return set->done >= many;
}

static bool has_failed(const struct watch_set *set, size_t many)
{
    return set->failed > 0 || set->done >= many;
}

/* With the set locked: true once the condition holds, false when time is up. */
static bool set_wait(struct watch_set *set, set_condition *holds, size_t arg,
                     int64_t deadline)
{
    int status = 0;

    while (!holds(set, arg) && status != ETIMEDOUT)
        status = clock_wait(&set->changed, &set->lock, deadline);
    return holds(set, arg);
}

/* ---- one result -------------------------------------------------------- */

/* How long to look before sleeping: at first without giving way, because a
 * worker that is awake answers within a fraction of a microsecond; then giving
 * way to all that could run, because to be woken takes as long as this. */
enum { SPIN_NS = 2 * 1000, YIELD_NS = 50 * 1000, SPINS = 16 };

/* A result that is waited for, and the worker that may have it. */
struct wait {
    sopool_result *result;
    struct member *worker;   /* watched, or NULL */
    struct parent_seen seen; /* of its channel */
};

static void look_at_worker(struct wait *wait)
{
    struct sopool_pool *pool = wait->result->pool;

    pthread_mutex_lock(&pool->lock);
    watch_harvest(wait->worker);
    if (result_is_done(wait->result)) {
        watch_end(wait->worker);
        wait->worker = NULL;
    } else {
        wait->seen = parent_see(&wait->worker->end, wait->seen.seq);
    }
    pthread_mutex_unlock(&pool->lock);
}

static bool is_there(struct wait *wait)
{
    if (wait->worker != NULL && parent_news(&wait->seen))
        look_at_worker(wait);
    return result_is_done(wait->result);
}

/* Spins, unless that would keep the worker from its processor. The clock is
 * looked at only when it is not there at once. */
static bool spin(struct wait *wait, int64_t deadline)
{
    int64_t until = 0;

    do {
        if (wait->worker != NULL && parent_shares_cpu(&wait->worker->end))
            return false;
        for (int i = 0; i < SPINS; i++) {
            if (is_there(wait))
                return true;
            pause_cpu();
        }
        if (until == 0)
            until = clock_now() + SPIN_NS;
    } while (clock_now() < until && until < deadline);
    return false;
}

/* Looks for a while, not beyond the deadline. */
static bool look(struct wait *wait, int64_t deadline)
{
    int64_t until;

    if (spin(wait, deadline))
        return true;
    until = clock_now() + YIELD_NS;
    if (until < deadline)
        deadline = until;
    while (clock_now() < deadline) {
        (void)sched_yield();
        if (is_there(wait))
            return true;
    }
    return false;
}

/* Sleeps until it is done: 0, or ETIMEDOUT. */
static int sleep_until_done(sopool_result *r, int64_t deadline)
{
    int status = 0;

    while (!result_is_done(r) && status != ETIMEDOUT) {
        unsigned life = atomic_fetch_or(&r->life, RESULT_WAITED);

        if ((life & RESULT_DONE) == 0)
            status = futex_wait_until(&r->life, life | RESULT_WAITED, deadline);
    }
    return result_is_done(r) ? 0 : ETIMEDOUT;
}

static int wait_for(sopool_result *r, int64_t timeout_ms, sopool_error *err)
{
    int64_t deadline = clock_deadline(timeout_ms);
    struct wait wait = {.result = r};

    if (look(&wait, deadline) || sleep_until_done(r, deadline) == 0)
        return 0;
    return error_set(err, SOPOOL_E_TIMEOUT,
                     "the result was not there in %lld ms",
                     (long long)timeout_ms);
}

int result_wait(sopool_result *r, int64_t timeout_ms, sopool_error *err)
{
    int status = -1;

    if (result_is_done(r))
        return pool_check_ours(r->pool, err);
    if (pool_enter(r->pool, err) != 0)
        return -1;
    if (timeout_ms == 0 || pool_may_wait(r->pool, err) == 0)
        status = wait_for(r, timeout_ms, err);
    pool_leave(r->pool);
    return status;
}

/* Waits until it is done; the worker, if there is one, is watched. */
static void await(struct wait *wait)
{
    struct sopool_pool *pool = wait->result->pool;
    bool done = look(wait, CLOCK_NEVER);

    if (done && wait->worker == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    if (wait->worker != NULL)
        watch_end(wait->worker);
    if (!done)
        watch_sleep(pool);
    pthread_mutex_unlock(&pool->lock);
    if (!done)
        (void)sleep_until_done(wait->result, CLOCK_NEVER);
}

void result_await(sopool_result *r, struct member *worker)
{
    struct wait wait = {.result = r, .worker = worker};

    if (worker != NULL) { /* it is looked at once at least */
        wait.seen.shared = worker->end.shared;
        wait.seen.results = UINT64_MAX;
    }
    await(&wait);
}

int result_run(sopool_result *r, sopool_error *err)
{
    struct sopool_pool *pool = r->pool;
    struct wait wait = {.result = r};
    int status;

    pthread_mutex_lock(&pool->lock);
    status = watch_submit(pool, &r->batch, &wait.worker, err);
    if (wait.worker != NULL)
        wait.seen = parent_see(&wait.worker->end, wait.worker->end.sent - 1);
    pthread_mutex_unlock(&pool->lock);
    if (status == 0)
        await(&wait);
    return status;
}

/* ---- several results --------------------------------------------------- */

/* May this thread wait for them? */
static int check_all(sopool_result *const *results, size_t count, bool wait,
                     sopool_error *err)
{
    if (pool_check_thread(err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (pool_check_ours(results[i]->pool, err) != 0 ||
            (wait && !result_is_done(results[i]) &&
             pool_may_wait(results[i]->pool, err) != 0))
            return -1;
    return 0;
}

struct sopool_completed {
    struct watch_set set;
    size_t given;
};

static void completed_free(struct sopool_completed *completed)
{
    set_finish(&completed->set);
    free(completed->set.watcher);
    free(completed->set.order);
    free(completed);
}

static struct sopool_completed *completed_new(sopool_result *const *results,
                                              size_t count, sopool_error *err)
{
    struct sopool_completed *completed = calloc(1, sizeof(*completed));
    struct watcher *watcher = calloc(count + 1, sizeof(*watcher));
    size_t *order = calloc(count + 1, sizeof(*order));

    if (completed == NULL || watcher == NULL || order == NULL) {
        free(completed);
        free(watcher);
        free(order);
        (void)error_nomem(err);
        return NULL;
    }
    set_init(&completed->set, watcher, order, count);
    for (size_t i = 0; i < count; i++)
        watch(&completed->set, results[i], i);
    return completed;
}

int sopool_wait(sopool_result *const *results, size_t count, int when,
                int64_t timeout_ms, sopool_error *err)
{
    struct sopool_completed *all;
    size_t many = when == SOPOOL_FIRST_COMPLETED && count > 0 ? 1 : count;
    bool holds;

    if (when != SOPOOL_ALL_COMPLETED && when != SOPOOL_FIRST_COMPLETED &&
        when != SOPOOL_FIRST_EXCEPTION)
        return error_set(err, SOPOOL_E_USAGE, "there is no condition %d", when);
    if (check_all(results, count, timeout_ms != 0, err) != 0)
        return -1;
    pool_step_in();
    all = completed_new(results, count, err);
    if (all != NULL) {
        pthread_mutex_lock(&all->set.lock);
        holds = set_wait(&all->set,
                         when == SOPOOL_FIRST_EXCEPTION ? has_failed : has_done,
                         many, clock_deadline(timeout_ms));
        pthread_mutex_unlock(&all->set.lock);
        unwatch_all(&all->set);
        completed_free(all);
    }
    pool_step_out();
    return all == NULL ? -1 : holds;
}

sopool_completed *sopool_as_completed(sopool_result *const *results,
                                      size_t count, sopool_error *err)
{
    struct sopool_completed *completed;

    if (check_all(results, count, false, err) != 0)
        return NULL;
    pool_step_in();
    completed = completed_new(results, count, err);
    pool_step_out();
    return completed;
}

/* The results that may still come. */
static int check_rest(const struct watch_set *set, sopool_error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        const sopool_result *r = set->watcher[i].result;

        if (!result_is_done(r) && pool_may_wait(r->pool, err) != 0)
            return -1;
    }
    return 0;
}

static int next(struct sopool_completed *completed, size_t *index,
                int64_t timeout_ms, sopool_error *err)
{
    struct watch_set *set = &completed->set;
    int status = 1;

    pthread_mutex_lock(&set->lock);
    if (completed->given == set->count)
        status = 0;
    else if (set_wait(set, has_done, completed->given + 1,
                      clock_deadline(timeout_ms)))
        *index = set->order[completed->given++];
    else
        status = error_set(err, SOPOOL_E_TIMEOUT,
                           "no more results were done in %lld ms",
                           (long long)timeout_ms);
    pthread_mutex_unlock(&set->lock);
    return status;
}

int sopool_completed_next(sopool_completed *completed, size_t *index,
                          int64_t timeout_ms, sopool_error *err)
{
    int status;

    if (pool_check_thread(err) != 0 ||
        (timeout_ms != 0 && check_rest(&completed->set, err) != 0))
        return -1;
    if (completed->set.count > 0 &&
        pool_check_ours(completed->set.watcher[0].result->pool, err) != 0)
        return -1;
    pool_step_in();
    status = next(completed, index, timeout_ms, err);
    pool_step_out();
    return status;
}

void sopool_completed_free(sopool_completed *completed)
{
    if (completed == NULL || pool_check_thread(NULL) != 0)
        return;
    if (completed->set.count > 0 &&
        !pool_is_ours(completed->set.watcher[0].result->pool))
        return;
    pool_step_in();
    unwatch_all(&completed->set);
    completed_free(completed);
    pool_step_out();
}
