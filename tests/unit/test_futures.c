/* test_futures.c - results: their states, cancelling and killing, callbacks,
 * waiting for several, event loops; with each start method.
 *
 * What CPython's test suite checks of concurrent.futures, and where:
 *   done, running, cancel, cancelled       a_result_*, cancel_*
 *   result and exception with timeouts     exception_*, test_calls.c
 *   done callbacks: order, after the end,
 *   one that raises                        callbacks_*, a_callback_*
 *   wait: all, first, first exception,
 *   already done, timeout, duplicates      wait_*
 *   as_completed: order, done, timeout,
 *   duplicates                             as_completed_*
 *   cancel of pending work, many waiters   cancel_*, many_threads_*
 */
#include <poll.h>
#include <pthread.h>

#include "pools.h"
#include "unit.h"

static int64_t get_int(sopool_result *result)
{
    return int_of(sopool_result_get(result, 20000, &err));
}

/* A call that runs until the gate is opened. */
static sopool_result *held(sopool_pool *pool, const char *path, int64_t x)
{
    sopool_result *result;
    gate begun;

    result =
        sopool_apply_async(pool, "behave.touch_and_wait",
                           SOPOOL_ARGS(gate_new(begun), path, x), NULL, &err);
    MUST(result);
    UNTIL(access(begun, F_OK) == 0);
    gate_remove(begun);
    return result;
}

static sopool_result *square(sopool_pool *pool, int64_t x)
{
    sopool_result *result =
        sopool_apply_async(pool, "behave.square", SOPOOL_ARGS(x), NULL, &err);

    MUST(result);
    return result;
}

/* ---- states ------------------------------------------------------------ */

START_TEST(a_result_says_what_state_it_is_in)
{
    sopool_pool *pool = one_worker(methods[_i]);
    gate path;
    sopool_result *first = held(pool, gate_new(path), 7);
    sopool_result *second = square(pool, 3);

    ck_assert(sopool_result_running(first));
    ck_assert(!sopool_result_done(first));
    ck_assert(!sopool_result_running(second));
    ck_assert(!sopool_result_cancelled(second));
    gate_open(path);
    ck_assert_int_eq(get_int(first), 7);
    ck_assert_int_eq(get_int(second), 9);
    ck_assert(sopool_result_done(first) && sopool_result_successful(first));
    ck_assert(!sopool_result_running(first));
    sopool_result_free(first);
    sopool_result_free(second);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

START_TEST(exception_tells_how_a_call_failed)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *good = square(pool, 3);
    sopool_result *bad = sopool_apply_async(pool, "behave.odd_fails",
                                            SOPOOL_ARGS(3), NULL, &err);
    sopool_error why = {0};
    gate path;
    sopool_result *slow = held(pool, gate_new(path), 1);

    ck_assert_int_eq(sopool_result_exception(good, 20000, &why, &err), 0);
    ck_assert_int_eq(why.code, SOPOOL_E_NONE);
    ck_assert_int_eq(sopool_result_exception(bad, 20000, &why, &err), 1);
    ck_assert_int_eq(why.code, SOPOOL_E_TASK);
    ck_assert_str_eq(why.message, "3 is odd");
    ck_assert_int_eq(sopool_result_exception(slow, 10, &why, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    gate_open(path);
    ck_assert_int_eq(sopool_result_exception(slow, 20000, &why, &err), 0);
    sopool_result_free(good);
    sopool_result_free(bad);
    sopool_result_free(slow);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

/* ---- cancel, stop, kill ------------------------------------------------ */

START_TEST(cancel_takes_back_what_waits)
{
    sopool_pool *pool = one_worker(methods[_i]);
    gate path, record;
    sopool_result *first = held(pool, gate_new(path), 7);
    sopool_result *waits[50];

    gate_new(record);
    for (int i = 0; i < 50; i++)
        MUST(waits[i] = sopool_apply_async(pool, "faults.record",
                                           SOPOOL_ARGS(record, i), NULL, &err));
    for (int i = 0; i < 50; i++) {
        ck_assert(sopool_result_cancel(waits[i]));
        ck_assert(sopool_result_cancelled(waits[i]));
        ck_assert(sopool_result_done(waits[i]));
        ck_assert(sopool_result_cancel(waits[i])); /* it still is */
        ck_assert_ptr_null(sopool_result_get(waits[i], -1, &err));
        ck_assert_int_eq(err.code, SOPOOL_E_CANCELLED);
        sopool_result_free(waits[i]);
    }
    gate_open(path);
    ck_assert_int_eq(get_int(first), 7);
    ck_assert(!sopool_result_cancel(first)); /* too late */
    ck_assert(!sopool_result_cancelled(first));
    ck_assert_int_ne(access(record, F_OK), 0);
    sopool_result_free(first);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

START_TEST(cancel_of_a_map_keeps_what_is_done)
{
    enum { INPUTS = 40 };
    sopool_pool *pool = one_worker(methods[_i]);
    const sopool_call_options how = {.chunksize = _i % 2 == 0 ? 1 : 40};
    sopool_args inputs[INPUTS];
    gate there, closed, begun;
    sopool_arg args[INPUTS][3];
    sopool_result *result;

    gate_open(gate_new(there));
    gate_new(closed);
    gate_new(begun);
    for (int i = 0; i < INPUTS; i++) {
        args[i][0] = sopool_arg_str(i == 10 ? begun : there);
        args[i][1] = sopool_arg_str(i == 10 ? closed : there);
        args[i][2] = sopool_arg_i64(i);
        inputs[i] = (sopool_args){args[i], 3, NULL, 0};
    }
    result = sopool_starmap_async(pool, "behave.touch_and_wait", inputs, INPUTS,
                                  &how, &err);
    MUST(result);
    UNTIL(access(begun, F_OK) == 0);
    ck_assert(!sopool_result_cancel(result)); /* one is running */
    gate_open(closed);
    MUST(sopool_result_wait(result, 20000, &err) == 0);
    ck_assert(!sopool_result_cancelled(result));
    for (size_t i = 0; i < INPUTS; i++) {
        if (i <= 10) {
            ck_assert_int_eq(int_of(sopool_result_value(result, i, &err)),
                             (int64_t)i);
            continue;
        }
        ck_assert_ptr_null(sopool_result_value(result, i, &err));
        ck_assert_int_eq(err.code, SOPOOL_E_CANCELLED);
    }
    sopool_result_free(result);
    gate_remove(there);
    gate_remove(closed);
    gate_remove(begun);
    end_pool(pool);
}
END_TEST

START_TEST(cancel_of_a_running_call_raises_its_stop_flag)
{
    sopool_pool *pool = one_worker(methods[_i]);
    sopool_result *result =
        sopool_apply_async(pool, "behave.patient", SOPOOL_NO_ARGS, NULL, &err);
    sopool_value *value;

    MUST(result);
    UNTIL(sopool_result_running(result));
    ck_assert(!sopool_result_cancel(result));
    value = sopool_result_get(result, 20000, &err);
    MUST(value);
    ck_assert(!sopool_result_cancelled(result));
    sopool_value_free(value);
    sopool_result_free(result);
    /* The flag was for that call alone. */
    result =
        sopool_apply_async(pool, "behave.patient", SOPOOL_NO_ARGS, NULL, &err);
    ck_assert_int_eq(sopool_result_wait(result, 50, &err), -1);
    (void)sopool_result_cancel(result);
    MUST(sopool_result_wait(result, 20000, &err) == 0);
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

START_TEST(kill_ends_a_running_call_and_no_other)
{
    sopool_pool *pool = one_worker(methods[_i]);
    sopool_result *after[20], *result;
    gate path;
    sopool_stats stats;

    result = held(pool, gate_new(path), 1);
    for (int i = 0; i < 20; i++)
        after[i] = square(pool, i);
    ck_assert_uint_eq(sopool_result_kill(result), 1);
    ck_assert_ptr_null(sopool_result_get(result, 20000, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_CANCELLED);
    ck_assert_str_eq(err.message, "the call was killed");
    ck_assert_int_eq(err.ended_by, SOPOOL_BY_KILL);
    ck_assert_int_gt(err.pid, 0);
    ck_assert(!sopool_result_cancelled(result));
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(get_int(after[i]), (int64_t)i * i);
        sopool_result_free(after[i]);
    }
    ck_assert_uint_eq(sopool_result_kill(result), 0);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.failed, 1);
    ck_assert_uint_eq(stats.died, 0);
    ck_assert_uint_eq(stats.running, 0);
    ck_assert_uint_eq(stats.queued, 0);
    sopool_result_free(result);
    gate_open(path); /* for a thread */
    sopool_destroy(pool);
    gate_remove(path);
}
END_TEST

/* ---- callbacks --------------------------------------------------------- */

struct counts {
    int good, bad, done;
    int order[8], called;
    sopool_pool *pool;
};

static void on_good(sopool_result *result, void *ctx)
{
    struct counts *c = ctx;

    ck_assert(sopool_result_successful(result));
    (void)__atomic_add_fetch(&c->good, 1, __ATOMIC_SEQ_CST);
}

static void on_bad(sopool_result *result, void *ctx)
{
    struct counts *c = ctx;

    ck_assert(sopool_result_done(result));
    ck_assert(!sopool_result_successful(result));
    (void)__atomic_add_fetch(&c->bad, 1, __ATOMIC_SEQ_CST);
}

static void on_done(sopool_result *result, void *ctx)
{
    struct counts *c = ctx;

    ck_assert(sopool_result_done(result));
    (void)__atomic_add_fetch(&c->done, 1, __ATOMIC_SEQ_CST);
}

START_TEST(callbacks_are_called_once_for_each_result)
{
    struct counts c = {0};
    const sopool_call_options how = {
        .callback = on_good, .error_callback = on_bad, .ctx = &c};
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_arg inputs[10];

    for (int i = 0; i < 200; i++) {
        sopool_result *result = sopool_apply_async(pool, "behave.odd_fails",
                                                   SOPOOL_ARGS(i), &how, &err);

        MUST(result);
        MUST(sopool_result_add_done_callback(result, on_done, &c, &err) == 0);
        sopool_result_free(result);
    }
    for (int i = 0; i < 10; i++)
        inputs[i] = sopool_arg_i64(i * 2);
    sopool_result_free(
        sopool_map_async(pool, "behave.odd_fails", inputs, 10, &how, &err));
    inputs[9] = sopool_arg_i64(1);
    sopool_result_free(
        sopool_map_async(pool, "behave.odd_fails", inputs, 10, &how, &err));
    sopool_result_free(
        sopool_map_async(pool, "behave.odd_fails", NULL, 0, &how, &err));
    end_pool(pool);
    ck_assert_int_eq(c.good, 102);
    ck_assert_int_eq(c.bad, 101);
    ck_assert_int_eq(c.done, 200);
}
END_TEST

/* However calls end. */
START_TEST(callbacks_come_for_calls_that_never_ran)
{
    struct counts c = {0};
    const sopool_call_options how = {
        .callback = on_good, .error_callback = on_bad, .ctx = &c};
    sopool_pool *pool = one_worker(methods[_i]);
    sopool_result *dies, *waits;
    gate path;
    sopool_result *first = held(pool, gate_new(path), 1);

    MUST(waits = sopool_apply_async(pool, "behave.square", SOPOOL_ARGS(1), &how,
                                    &err));
    ck_assert(sopool_result_cancel(waits));
    UNTIL(__atomic_load_n(&c.bad, __ATOMIC_SEQ_CST) == 1);
    gate_open(path);
    MUST(sopool_result_wait(first, 20000, &err) == 0);
    gate_remove(path);
    if (_i < PROCESS_METHODS) {
        MUST(dies = sopool_apply_async(pool, "faults.die", SOPOOL_ARGS("segv"),
                                       &how, &err));
        UNTIL(__atomic_load_n(&c.bad, __ATOMIC_SEQ_CST) == 2);
        sopool_result_free(dies);
        c.bad = 1;
    }
    sopool_result_free(first);
    first = held(pool, gate_new(path), 1);
    for (int i = 0; i < 30; i++)
        sopool_result_free(sopool_apply_async(pool, "behave.square",
                                              SOPOOL_ARGS(i), &how, &err));
    sopool_terminate(pool);
    gate_open(path);
    MUST(sopool_join(pool, 20000, &err) == 0);
    ck_assert_int_eq(c.bad, 31);
    ck_assert_int_eq(c.good, 0);
    sopool_result_free(first);
    sopool_result_free(waits);
    sopool_destroy(pool);
    gate_remove(path);
}
END_TEST

static void append(struct counts *c, int what)
{
    if (c->called < 8)
        c->order[c->called] = what;
    __atomic_add_fetch(&c->called, 1, __ATOMIC_SEQ_CST);
}

static void append_one(sopool_result *result, void *ctx)
{
    (void)result;
    append(ctx, 1);
}

static void append_two(sopool_result *result, void *ctx)
{
    (void)result;
    append(ctx, 2);
}

START_TEST(done_callbacks_are_called_in_order_also_late_ones)
{
    struct counts c = {0};
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result = square(pool, 2);

    MUST(sopool_result_add_done_callback(result, append_one, &c, &err) == 0);
    MUST(sopool_result_add_done_callback(result, append_two, &c, &err) == 0);
    ck_assert_int_eq(get_int(result), 4);
    UNTIL(__atomic_load_n(&c.called, __ATOMIC_SEQ_CST) == 2);
    MUST(sopool_result_add_done_callback(result, append_two, &c, &err) == 0);
    MUST(sopool_result_add_done_callback(result, append_one, &c, &err) == 0);
    sopool_result_free(result);
    UNTIL(__atomic_load_n(&c.called, __ATOMIC_SEQ_CST) == 4);
    ck_assert_int_eq(c.order[0], 1);
    ck_assert_int_eq(c.order[1], 2);
    ck_assert_int_eq(c.order[2], 2);
    ck_assert_int_eq(c.order[3], 1);
    end_pool(pool);
}
END_TEST

/* Each result but the last submits the next, and waits for another. */
static void follow(sopool_result *result, void *ctx)
{
    struct counts *c = ctx;
    const sopool_call_options how = {
        .callback = follow, .error_callback = on_bad, .ctx = c};
    int64_t x = int_of(sopool_result_get(result, 0, NULL));

    __atomic_add_fetch(&c->good, 1, __ATOMIC_SEQ_CST);
    ck_assert_int_eq(int_of(sopool_apply(c->pool, "behave.subtract",
                                         SOPOOL_ARGS(x, 1), NULL)),
                     x - 1);
    if (x > 0)
        sopool_result_free(sopool_apply_async(c->pool, "behave.subtract",
                                              SOPOOL_ARGS(x, 1), &how, NULL));
}

START_TEST(a_callback_may_submit_and_wait)
{
    struct counts c = {.pool = pool_of(methods[_i])};
    const sopool_call_options how = {
        .callback = follow, .error_callback = on_bad, .ctx = &c};

    sopool_result_free(sopool_apply_async(c.pool, "behave.subtract",
                                          SOPOOL_ARGS(25, 0), &how, &err));
    UNTIL(__atomic_load_n(&c.good, __ATOMIC_SEQ_CST) == 26);
    end_pool(c.pool);
    ck_assert_int_eq(c.bad, 0);
}
END_TEST

static void block(sopool_result *result, void *ctx)
{
    (void)result;
    while (access(ctx, F_OK) != 0)
        rest(1);
}

START_TEST(a_callback_that_blocks_stalls_nobody_else)
{
    gate path;
    const sopool_call_options how = {.callback = block, .ctx = path};
    sopool_pool *pool = pool_of(methods[_i]);

    gate_new(path);
    sopool_result_free(
        sopool_apply_async(pool, "behave.square", SOPOOL_ARGS(1), &how, &err));
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "behave.square", SOPOOL_ARGS(i), &err)),
            (int64_t)i * i);
    sopool_close(pool);
    ck_assert_int_eq(sopool_join(pool, 50, &err), -1); /* for the callback */
    gate_open(path);
    MUST(sopool_join(pool, 20000, &err) == 0);
    sopool_destroy(pool);
    gate_remove(path);
}
END_TEST

static void end_thread(sopool_result *result, void *ctx)
{
    struct counts *c = ctx;

    (void)result;
    __atomic_add_fetch(&c->bad, 1, __ATOMIC_SEQ_CST);
    pthread_exit(NULL);
}

START_TEST(a_callback_that_ends_its_thread_harms_nobody)
{
    struct counts c = {0};
    const sopool_call_options ends = {.callback = end_thread, .ctx = &c};
    const sopool_call_options lives = {.callback = on_good, .ctx = &c};
    sopool_pool *pool = pool_of(methods[_i]);

    for (int i = 0; i < 20; i++) {
        sopool_result_free(sopool_apply_async(pool, "behave.square",
                                              SOPOOL_ARGS(i), &ends, &err));
        sopool_result_free(sopool_apply_async(pool, "behave.square",
                                              SOPOOL_ARGS(i), &lives, &err));
    }
    end_pool(pool);
    ck_assert_int_eq(c.bad, 20);
    ck_assert_int_eq(c.good, 20);
}
END_TEST

static void join_own(sopool_result *result, void *ctx)
{
    struct counts *c = ctx;
    sopool_error why;

    (void)result;
    sopool_close(c->pool);
    if (sopool_join(c->pool, -1, &why) != 0 && why.code == SOPOOL_E_DEADLOCK)
        __atomic_add_fetch(&c->bad, 1, __ATOMIC_SEQ_CST);
}

START_TEST(a_callback_cannot_join_its_own_pool)
{
    struct counts c = {.pool = pool_of(methods[_i])};
    const sopool_call_options how = {.callback = join_own, .ctx = &c};

    sopool_result_free(sopool_apply_async(c.pool, "behave.square",
                                          SOPOOL_ARGS(1), &how, &err));
    UNTIL(__atomic_load_n(&c.bad, __ATOMIC_SEQ_CST) == 1);
    MUST(sopool_join(c.pool, 20000, &err) == 0);
    sopool_destroy(c.pool);
}
END_TEST

/* ---- waiting for several ----------------------------------------------- */

START_TEST(wait_for_all_for_one_or_for_a_failure)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_pool *other = pool_of("thread");
    gate path;
    sopool_result *r[3];

    r[0] = held(pool, gate_new(path), 1);
    r[1] = square(other, 2);
    ck_assert_int_eq(sopool_wait(r, 2, SOPOOL_FIRST_COMPLETED, 20000, &err), 1);
    ck_assert(sopool_result_done(r[1]) && !sopool_result_done(r[0]));
    ck_assert_int_eq(sopool_wait(r, 2, SOPOOL_ALL_COMPLETED, 30, &err), 0);
    ck_assert_int_eq(sopool_wait(r, 2, SOPOOL_FIRST_EXCEPTION, 30, &err), 0);
    ck_assert_int_eq(sopool_wait(r, 2, SOPOOL_ALL_COMPLETED, 0, &err), 0);
    r[2] = sopool_apply_async(pool, "behave.odd_fails", SOPOOL_ARGS(1), NULL,
                              &err);
    ck_assert_int_eq(sopool_wait(r, 3, SOPOOL_FIRST_EXCEPTION, 20000, &err), 1);
    ck_assert(!sopool_result_done(r[0]));
    gate_open(path);
    ck_assert_int_eq(sopool_wait(r, 3, SOPOOL_ALL_COMPLETED, 20000, &err), 1);
    ck_assert_int_eq(sopool_wait(r, 2, SOPOOL_FIRST_EXCEPTION, 0, &err), 1);
    ck_assert_int_eq(sopool_wait(r, 0, SOPOOL_ALL_COMPLETED, -1, &err), 1);
    ck_assert_int_eq(sopool_wait(r, 0, SOPOOL_FIRST_COMPLETED, -1, &err), 1);
    ck_assert_int_eq(sopool_wait(r, 3, 17, -1, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    sopool_result_free(r[1]);
    r[1] = r[0]; /* the same twice */
    ck_assert_int_eq(sopool_wait(r, 3, SOPOOL_ALL_COMPLETED, 0, &err), 1);
    sopool_result_free(r[0]);
    sopool_result_free(r[2]);
    gate_remove(path);
    end_pool(pool);
    sopool_destroy(other);
}
END_TEST

START_TEST(as_completed_gives_what_is_done_first)
{
    enum { RESULTS = 6 };
    sopool_options *options = options_of(methods[_i]);
    sopool_result *r[RESULTS];
    gate path[3];
    sopool_completed *it;
    sopool_pool *pool;
    size_t index;

    set(options, "processes", "3");
    pool = open_pool(options);
    for (int i = 0; i < 3; i++)
        MUST(r[i] = sopool_apply_async(pool, "behave.wait",
                                       SOPOOL_ARGS(gate_new(path[i]), i), NULL,
                                       &err));
    r[3] = r[0]; /* the same twice */
    r[4] = sopool_map_async(pool, "behave.square", NULL, 0, NULL, &err);
    r[5] = sopool_map_async(pool, "behave.square", NULL, 0, NULL, &err);
    it = sopool_as_completed(r, RESULTS, &err);
    MUST(it);
    ck_assert_int_eq(sopool_completed_next(it, &index, 0, &err), 1);
    ck_assert_uint_eq(index, 4);
    ck_assert_int_eq(sopool_completed_next(it, &index, -1, &err), 1);
    ck_assert_uint_eq(index, 5);
    ck_assert_int_eq(sopool_completed_next(it, &index, 20, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    for (size_t i = 2; i > 0; i--) {
        gate_open(path[i]);
        ck_assert_int_eq(sopool_completed_next(it, &index, 20000, &err), 1);
        ck_assert_uint_eq(index, i);
    }
    sopool_result_free(r[1]); /* while it is in the set */
    gate_open(path[0]);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sopool_completed_next(it, &index, 20000, &err), 1);
        ck_assert(index == 0 || index == 3);
    }
    ck_assert_int_eq(sopool_completed_next(it, &index, -1, &err), 0);
    sopool_result_free(r[0]);
    sopool_result_free(r[2]);
    sopool_completed_free(it);
    sopool_result_free(r[4]);
    sopool_result_free(r[5]);
    for (int i = 0; i < 3; i++)
        gate_remove(path[i]);
    end_pool(pool);
}
END_TEST

START_TEST(a_set_may_outlive_its_results_and_its_pool)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *r[2] = {
        sopool_apply_async(pool, "behave.patient", SOPOOL_NO_ARGS, NULL, &err),
        square(pool, 3)};
    sopool_completed *it = sopool_as_completed(r, 2, &err);
    size_t index;

    sopool_result_free(r[0]);
    sopool_stop(pool);
    sopool_destroy(pool);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(sopool_completed_next(it, &index, 0, &err), 1);
    sopool_completed_free(it);
    ck_assert(sopool_result_done(r[1]));
    sopool_result_free(r[1]);
}
END_TEST

static void *wait_for_it(void *arg)
{
    return (void *)(intptr_t)sopool_result_wait(arg, 20000, NULL);
}

START_TEST(many_threads_may_wait_for_one_result)
{
    enum { THREADS = 20 };
    sopool_pool *pool = pool_of(methods[_i]);
    gate path;
    sopool_result *result = held(pool, gate_new(path), 1);
    pthread_t thread[THREADS];
    void *status;

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, wait_for_it, result),
                         0);
    rest(20);
    gate_open(path);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(thread[i], &status), 0);
        ck_assert_ptr_null(status);
    }
    sopool_result_free(result);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

/* ---- event loops ------------------------------------------------------- */

static bool readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, timeout_ms) == 1;
}

START_TEST(an_event_loop_calls_back_in_its_own_thread)
{
    struct counts c = {.pool = pool_of(methods[_i])};
    const sopool_call_options how = {
        .callback = follow, .error_callback = on_bad, .ctx = &c};
    const sopool_call_options plainly = {.callback = on_good, .ctx = &c};
    int fd = sopool_fd(c.pool, &err);
    sopool_result *plain;

    MUST(fd >= 0);
    ck_assert_int_eq(sopool_fd(c.pool, &err), fd);
    ck_assert(!readable(fd, 0));
    ck_assert_int_eq(sopool_dispatch(c.pool, &err), 0);
    plain = square(c.pool, 2);
    ck_assert(readable(fd, 20000)); /* it is done, with no callback */
    ck_assert(sopool_result_done(plain));
    ck_assert_int_eq(sopool_dispatch(c.pool, &err), 0);
    ck_assert(!readable(fd, 0));
    sopool_result_free(plain);
    sopool_result_free(sopool_apply_async(c.pool, "behave.subtract",
                                          SOPOOL_ARGS(10, 0), &how, &err));
    rest(50);
    ck_assert_int_eq(c.good, 0); /* nobody else calls it */
    while (c.good < 11) {
        ck_assert(readable(fd, 20000));
        ck_assert_int_ge(sopool_dispatch(c.pool, &err), 0);
    }
    /* What is due when the pool ends is called then. */
    plain = sopool_apply_async(c.pool, "behave.square", SOPOOL_ARGS(0),
                               &plainly, &err);
    MUST(plain);
    sopool_close(c.pool);
    if (_i % 2 == 0)
        MUST(sopool_join(c.pool, 20000, &err) == 0);
    else
        UNTIL(sopool_result_done(plain));
    sopool_result_free(plain);
    sopool_destroy(c.pool);
    ck_assert_int_eq(c.good, 12);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("futures");
    TCase *t = add_case(s, "states");

    tcase_add_loop_test(t, a_result_says_what_state_it_is_in, 0, METHODS);
    tcase_add_loop_test(t, exception_tells_how_a_call_failed, 0, METHODS);
    t = add_case(s, "cancel");
    tcase_add_loop_test(t, cancel_takes_back_what_waits, 0, METHODS);
    tcase_add_loop_test(t, cancel_of_a_map_keeps_what_is_done, 0, METHODS);
    tcase_add_loop_test(t, cancel_of_a_running_call_raises_its_stop_flag, 0,
                        METHODS);
    tcase_add_loop_test(t, kill_ends_a_running_call_and_no_other, 0, METHODS);
    t = add_case(s, "callbacks");
    tcase_add_loop_test(t, callbacks_are_called_once_for_each_result, 0,
                        METHODS);
    tcase_add_loop_test(t, callbacks_come_for_calls_that_never_ran, 0, METHODS);
    tcase_add_loop_test(t, done_callbacks_are_called_in_order_also_late_ones, 0,
                        METHODS);
    tcase_add_loop_test(t, a_callback_may_submit_and_wait, 0, METHODS);
    tcase_add_loop_test(t, a_callback_that_blocks_stalls_nobody_else, 0,
                        METHODS);
    tcase_add_loop_test(t, a_callback_that_ends_its_thread_harms_nobody, 0,
                        METHODS);
    tcase_add_loop_test(t, a_callback_cannot_join_its_own_pool, 0, METHODS);
    t = add_case(s, "waiting");
    tcase_add_loop_test(t, wait_for_all_for_one_or_for_a_failure, 0, METHODS);
    tcase_add_loop_test(t, as_completed_gives_what_is_done_first, 0, METHODS);
    tcase_add_loop_test(t, a_set_may_outlive_its_results_and_its_pool, 0,
                        METHODS);
    tcase_add_loop_test(t, many_threads_may_wait_for_one_result, 0, METHODS);
    t = add_case(s, "event loops");
    tcase_add_loop_test(t, an_event_loop_calls_back_in_its_own_thread, 0,
                        METHODS);
    return unit_run(s);
}
