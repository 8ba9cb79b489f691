/* test_lifecycle.c - how pools begin, change and end while programs use them in
 * every way; with each start method.
 *
 * What CPython's test suite checks, and where:
 *   terminate with tasks running or many   terminate_*, test_pool.c
 *   close, join, context managers          close_*, join_*
 *   maxtasksperchild, also async           maxtasksperchild_*
 *   initializer that fails                 test_pool.c, a_broken_pool_*
 *   worker killed, task that exits         a_worker_* , test_pool.c
 *   shutdown: wait, cancel_futures, twice  shutdown_*
 *   submission after shutdown              nothing_is_taken_*
 *   hanging at exit, abandoned pools       a_forgotten_pool_*
 *   result too large, results kept         results_*, test_pool.c
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "pools.h"
#include "unit.h"

static sopool_result *async(sopool_pool *pool, const char *task,
                            sopool_args args)
{
    sopool_result *result = sopool_apply_async(pool, task, args, NULL, &err);

    MUST(result);
    return result;
}

static void expect_get(sopool_result *result, int code)
{
    ck_assert_ptr_null(sopool_result_get(result, 20000, &err));
    ck_assert_msg(err.code == code, "%s, not %s: %s",
                  sopool_code_name(err.code), sopool_code_name(code),
                  err.message);
    sopool_result_free(result);
}

/* ---- ending ------------------------------------------------------------ */

START_TEST(nothing_is_taken_after_the_end)
{
    void (*const ends[])(sopool_pool *) = {sopool_close, sopool_stop,
                                           sopool_terminate};
    static const char *const words[] = {"closed", "stopped", "terminated"};
    sopool_arg one = sopool_arg_i64(1);

    for (int i = 0; i < 3; i++) {
        sopool_pool *pool = pool_of(methods[_i]);

        ends[i](pool);
        ends[i](pool); /* twice is once */
        for (int joined = 0; joined < 2; joined++) {
            ck_assert_ptr_null(sopool_apply_async(pool, "behave.square",
                                                  SOPOOL_ARGS(1), NULL, &err));
            ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
            ck_assert_ptr_nonnull(strstr(err.message, words[i]));
            ck_assert_ptr_null(
                sopool_map(pool, "behave.square", &one, 1, NULL, &err));
            ck_assert_ptr_null(
                sopool_map(pool, "behave.square", NULL, 0, NULL, &err));
            ck_assert_int_eq(sopool_resize(pool, 3, &err), -1);
            MUST(sopool_join(pool, 20000, &err) == 0);
        }
        sopool_destroy(pool);
    }
    sopool_destroy(NULL);
}
END_TEST

START_TEST(join_of_an_open_pool_is_an_error)
{
    sopool_pool *pool = pool_of(methods[_i]);

    ck_assert_int_eq(sopool_join(pool, -1, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "behave.square", SOPOOL_ARGS(3), &err)), 9);
    end_pool(pool);
}
END_TEST

START_TEST(shutdown_waits_and_cancels_as_it_is_told)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_result *first, *waits;
    sopool_pool *pool;
    gate path, begun;

    set(options, "processes", "1");
    pool = open_pool(options);
    first = async(pool, "behave.touch_and_wait",
                  SOPOOL_ARGS(gate_new(begun), gate_new(path), 5));
    UNTIL(access(begun, F_OK) == 0);
    waits = async(pool, "behave.square", SOPOOL_ARGS(1));
    MUST(sopool_shutdown(pool, false, 0, &err) == 0);
    ck_assert(!sopool_result_done(waits));
    ck_assert_int_eq(sopool_shutdown(pool, true, 30, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    ck_assert(sopool_result_cancelled(waits));
    expect_get(waits, SOPOOL_E_CANCELLED);
    gate_open(path);
    MUST(sopool_shutdown(pool, false, 20000, &err) == 0);
    MUST(sopool_shutdown(pool, true, -1, &err) == 0);
    ck_assert_int_eq(int_of(sopool_result_get(first, 0, &err)), 5);
    sopool_result_free(first);
    sopool_destroy(pool);
    gate_remove(path);
    gate_remove(begun);
}
END_TEST

START_TEST(stop_lets_running_tasks_end_softly)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *runs[2], *waits[20];

    for (int i = 0; i < 2; i++)
        runs[i] = async(pool, "behave.patient", SOPOOL_NO_ARGS);
    for (int i = 0; i < 2; i++)
        UNTIL(sopool_result_running(runs[i]));
    for (int i = 0; i < 20; i++)
        waits[i] = async(pool, "behave.square", SOPOOL_ARGS(i));
    sopool_stop(pool);
    MUST(sopool_join(pool, 20000, &err) == 0);
    for (int i = 0; i < 2; i++) {
        ck_assert(sopool_result_successful(runs[i]));
        sopool_result_free(runs[i]);
    }
    for (int i = 0; i < 20; i++)
        expect_get(waits[i], SOPOOL_E_CANCELLED);
    sopool_destroy(pool);
}
END_TEST

struct submitter {
    sopool_pool *pool;
    int taken, refused, good, bad;
};

/* Submits until it is refused, and counts what became of it. */
static void *submit_on(void *arg)
{
    enum { MOST = 4096 };
    struct submitter *s = arg;
    sopool_result **result = calloc(MOST, sizeof(*result));
    sopool_error why;

    while (s->refused == 0) {
        int count = 0;

        while (count < MOST && s->refused == 0) {
            result[count] = sopool_apply_async(s->pool, "behave.square",
                                               SOPOOL_ARGS(3), NULL, &why);
            if (result[count] != NULL)
                count++;
            else
                s->refused++;
        }
        s->taken += count;
        for (int i = 0; i < count; i++) {
            sopool_value *value = sopool_result_get(result[i], 20000, &why);

            if (value != NULL)
                s->good++;
            else if (why.code == SOPOOL_E_CLOSED ||
                     why.code == SOPOOL_E_CANCELLED)
                s->bad++;
            sopool_value_free(value);
            sopool_result_free(result[i]);
        }
    }
    free(result);
    return NULL;
}

/* Whatever ends the pool while threads submit: each call has an end. */
START_TEST(every_call_ends_when_the_pool_does)
{
    void (*const ends[])(sopool_pool *) = {sopool_close, sopool_stop,
                                           sopool_terminate};
    enum { THREADS = 4 };

    for (int e = 0; e < 3; e++) {
        sopool_pool *pool = pool_of(methods[_i]);
        struct submitter s[THREADS] = {{0}};
        pthread_t thread[THREADS];

        for (int i = 0; i < THREADS; i++) {
            s[i].pool = pool;
            ck_assert_int_eq(pthread_create(&thread[i], NULL, submit_on, &s[i]),
                             0);
        }
        rest(30);
        ends[e](pool);
        for (int i = 0; i < THREADS; i++) {
            ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
            ck_assert_int_eq(s[i].good + s[i].bad, s[i].taken);
            if (e == 0)
                ck_assert_int_eq(s[i].bad, 0);
        }
        sopool_destroy(pool);
    }
}
END_TEST

static void *wait_for_failure(void *arg)
{
    sopool_error why = {0};

    ck_assert_ptr_null(
        sopool_apply(arg, "faults.nap", SOPOOL_ARGS(100000), &why));
    ck_assert_int_eq(why.code, SOPOOL_E_CLOSED);
    ck_assert_str_eq(why.message, "the pool was terminated");
    return NULL;
}

START_TEST(a_pool_may_be_destroyed_while_threads_wait_in_it)
{
    enum { THREADS = 6 };
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream *stream = sopool_stream_open(pool, "faults.nap", NULL, &err);
    pthread_t thread[THREADS];
    sopool_result *left;
    sopool_stats stats;
    sopool_item item;

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&thread[i], NULL, wait_for_failure, pool), 0);
    do
        (void)sopool_get_stats(pool, &stats, NULL, 0);
    while (stats.submitted < THREADS);
    left = async(pool, "behave.square", SOPOOL_ARGS(1));
    MUST(sopool_stream_send(stream, SOPOOL_ARGS(100000), -1, &err) == 0);
    sopool_stream_end(stream);
    sopool_destroy(pool);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    expect_get(left, SOPOOL_E_CLOSED);
    ck_assert_int_eq(sopool_stream_next(stream, &item, 0, &err), 1);
    ck_assert_int_eq(item.error->code, SOPOOL_E_CLOSED);
    ck_assert_int_eq(sopool_stream_next(stream, &item, 0, &err), 0);
    sopool_stream_close(stream);
}
END_TEST

struct reader {
    sopool_stream *stream;
    int status;
    sopool_error why;
};

static void *read_next(void *arg)
{
    struct reader *r = arg;
    sopool_item item;

    r->status = sopool_stream_next(r->stream, &item, -1, &r->why);
    return NULL;
}

static void *send_two(void *arg)
{
    struct reader *r = arg;

    for (int i = 0; i < 2; i++)
        r->status =
            sopool_stream_send(r->stream, SOPOOL_ARGS(100000), -1, &r->why);
    return NULL;
}

static void open_gate(sopool_result *result, void *ctx)
{
    (void)result;
    gate_open(ctx);
}

/* It is this thread that calls back, and what runs waits for that. */
START_TEST(who_joins_a_pool_with_an_event_loop_calls_back)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_call_options how = {.callback = open_gate};
    sopool_result *result;
    gate path;

    how.ctx = path;
    (void)gate_new(path);
    MUST(sopool_fd(pool, &err) >= 0);
    result = async(pool, "faults.copy_when",
                   SOPOOL_ARGS(path, sopool_arg_bytes("x", 1)));
    sopool_result_free(
        sopool_apply_async(pool, "faults.nap", SOPOOL_ARGS(50), &how, &err));
    sopool_close(pool);
    MUST(sopool_join(pool, 20000, &err) == 0);
    ck_assert(sopool_result_done(result));
    sopool_result_free(result);
    sopool_destroy(pool);
    gate_remove(path);
}
END_TEST

/* What a closed pool takes of a stream fails, and is counted. */
START_TEST(every_call_of_a_stream_is_counted)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream *stream =
        sopool_stream_open(pool, "behave.square", NULL, &err);
    sopool_result *result = async(pool, "behave.patient", SOPOOL_NO_ARGS);
    sopool_stats stats;
    sopool_item item;

    sopool_close(pool);
    for (int i = 0; i < 5; i++)
        MUST(sopool_stream_send(stream, SOPOOL_ARGS(i), -1, &err) == 0);
    sopool_stream_end(stream);
    while (sopool_stream_next(stream, &item, 20000, &err) == 1)
        ck_assert_int_eq(item.error->code, SOPOOL_E_CLOSED);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.submitted, 6);
    ck_assert_uint_eq(stats.failed, 5);
    ck_assert_uint_eq(stats.queued + stats.running, 1);
    sopool_stream_close(stream);
    sopool_result_free(result);
    sopool_destroy(pool);
}
END_TEST

/* Though the other end of the stream says nothing. */
START_TEST(no_end_of_a_stream_waits_when_the_pool_has_ended)
{
    const sopool_stream_options narrow = {.window = 1};
    sopool_pool *pool = pool_of(methods[_i]);
    struct reader empty = {
        .stream = sopool_stream_open(pool, "behave.square", NULL, &err)};
    struct reader full = {
        .stream = sopool_stream_open(pool, "faults.nap", &narrow, &err)};
    pthread_t reader, sender;
    sopool_item item;

    ck_assert_int_eq(pthread_create(&reader, NULL, read_next, &empty), 0);
    ck_assert_int_eq(pthread_create(&sender, NULL, send_two, &full), 0);
    rest(50);
    sopool_terminate(pool);
    ck_assert_int_eq(pthread_join(reader, NULL), 0);
    ck_assert_int_eq(pthread_join(sender, NULL), 0);
    ck_assert_int_eq(empty.status, -1);
    ck_assert_int_eq(empty.why.code, SOPOOL_E_CLOSED);
    MUST(sopool_join(pool, 20000, &err) == 0);
    ck_assert_int_eq(sopool_stream_send(empty.stream, SOPOOL_ARGS(1), -1, &err),
                     -1);
    ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
    ck_assert_str_eq(err.message, "the pool was terminated");
    ck_assert_int_eq(sopool_stream_next(empty.stream, &item, 0, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
    /* What was sent has failed, and is there to be read. */
    ck_assert_int_eq(sopool_stream_next(full.stream, &item, -1, &err), 1);
    ck_assert_int_eq(item.error->code, SOPOOL_E_CLOSED);
    sopool_stream_end(full.stream);
    if (full.status == 0)
        ck_assert_int_eq(sopool_stream_next(full.stream, &item, -1, &err), 1);
    ck_assert_int_eq(sopool_stream_next(full.stream, &item, -1, &err), 0);
    sopool_stream_close(full.stream);
    sopool_stream_close(empty.stream);
    sopool_destroy(pool);
}
END_TEST

static void count(sopool_result *result, void *ctx)
{
    (void)result;
    __atomic_add_fetch((int *)ctx, 1, __ATOMIC_SEQ_CST);
}

/* Whatever the dispatcher is at: it starts the first workers meanwhile. */
START_TEST(a_pool_may_be_destroyed_as_it_starts)
{
    enum { ROUNDS = 30, CALLS = 6 };

    for (int round = 0; round < ROUNDS; round++) {
        const struct timespec time = {.tv_nsec = round * 20000L};
        int calls = 0;
        const sopool_call_options how = {
            .callback = count, .error_callback = count, .ctx = &calls};
        sopool_pool *pool = pool_of(methods[_i]);
        sopool_result *result[CALLS];

        for (int i = 0; i < CALLS; i++)
            MUST(result[i] = sopool_apply_async(pool, "faults.nap",
                                                SOPOOL_ARGS(20), &how, &err));
        (void)nanosleep(&time, NULL);
        sopool_destroy(pool);
        for (int i = 0; i < CALLS; i++) {
            ck_assert(sopool_result_done(result[i]));
            sopool_result_free(result[i]);
        }
        ck_assert_int_eq(calls, CALLS);
    }
}
END_TEST

static void destroy(sopool_result *result, void *ctx)
{
    sopool_pool **pool = ctx;

    (void)result;
    sopool_destroy(*pool);
    __atomic_store_n(pool, NULL, __ATOMIC_SEQ_CST);
}

START_TEST(a_pool_may_be_destroyed_in_its_own_callback)
{
    sopool_pool *pool = pool_of(methods[_i]);
    const sopool_call_options how = {.callback = destroy, .ctx = &pool};
    sopool_result *result, *other;
    int later = 0;

    other = async(pool, "behave.patient", SOPOOL_NO_ARGS);
    MUST(sopool_result_add_done_callback(other, count, &later, &err) == 0);
    MUST(result = sopool_apply_async(pool, "behave.square", SOPOOL_ARGS(3),
                                     &how, &err));
    UNTIL(__atomic_load_n(&pool, __ATOMIC_SEQ_CST) == NULL);
    UNTIL(__atomic_load_n(&later, __ATOMIC_SEQ_CST) == 1);
    ck_assert_int_eq(int_of(sopool_result_get(result, 0, &err)), 9);
    expect_get(other, SOPOOL_E_CLOSED);
    sopool_result_free(result);
}
END_TEST

START_TEST(a_pool_may_be_destroyed_while_it_dispatches)
{
    sopool_pool *pool = pool_of(methods[_i]), *own = pool;
    const sopool_call_options how = {.callback = destroy, .ctx = &pool};
    const sopool_call_options counted = {.callback = count,
                                         .error_callback = count};
    sopool_call_options c = counted;
    int calls = 0;

    c.ctx = &calls;
    MUST(sopool_fd(pool, &err) >= 0);
    sopool_result_free(
        sopool_apply_async(pool, "behave.square", SOPOOL_ARGS(3), &how, &err));
    for (int i = 0; i < 10; i++)
        sopool_result_free(sopool_apply_async(pool, "behave.square",
                                              SOPOOL_ARGS(i), &c, &err));
    while (pool != NULL)
        ck_assert_int_ge(sopool_dispatch(own, &err), 0);
    ck_assert_int_eq(calls, 10);
}
END_TEST

/* The program ends without a word to its pool, which must not keep it. */
START_TEST(a_forgotten_pool_does_not_keep_its_program)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        sopool_pool *pool = pool_of(methods[_i]);

        (void)sopool_apply_async(pool, "faults.nap", SOPOOL_ARGS(60000), NULL,
                                 &err);
        _exit(0); /* as exit() would, without Check's handlers */
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

/* ---- results that nobody collects -------------------------------------- */

START_TEST(results_may_be_left_or_outlive_the_pool)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *kept;
    sopool_value *value;

    for (int i = 0; i < 200; i++)
        sopool_result_free(async(pool, "faults.big", SOPOOL_ARGS(i * 1000)));
    kept = async(pool, "faults.big", SOPOOL_ARGS(300000));
    MUST(sopool_result_wait(kept, 20000, &err) == 0);
    sopool_destroy(pool);
    value = sopool_result_get(kept, 0, &err);
    MUST(value);
    sopool_result_free(kept);
    sopool_value_free(value);
}
END_TEST

/* ---- workers ----------------------------------------------------------- */

START_TEST(maxtasksperchild_counts_calls_however_they_travel)
{
    static const uint32_t chunks[] = {0, 1, 5, 100};
    enum { INPUTS = 60 };

    for (int c = 0; c < 4; c++) {
        const sopool_call_options how = {.chunksize = chunks[c]};
        sopool_options *options = options_of(methods[_i]);
        sopool_arg inputs[INPUTS];
        int64_t pids[INPUTS];
        sopool_result *result;
        sopool_pool *pool;

        set(options, "maxtasksperchild", "7");
        pool = open_pool(options);
        for (int i = 0; i < INPUTS; i++)
            inputs[i] = sopool_arg_i64(i);
        result =
            sopool_map_async(pool, "faults.pid", inputs, INPUTS, &how, &err);
        MUST(result);
        MUST(sopool_result_wait(result, 30000, &err) == 0);
        for (size_t i = 0; i < INPUTS; i++)
            pids[i] = int_of(sopool_result_value(result, i, &err));
        for (int i = 0; i < INPUTS; i++) {
            int served = 0;

            for (int j = 0; j < INPUTS; j++)
                served += pids[j] == pids[i];
            ck_assert_int_le(served, 7);
        }
        sopool_result_free(result);
        end_pool(pool);
    }
}
END_TEST

START_TEST(a_pool_of_short_lives_may_change_its_size)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_arg inputs[60];
    sopool_result *result;
    sopool_pool *pool;

    set(options, "maxtasksperchild", "1");
    pool = open_pool(options);
    for (int i = 0; i < 60; i++)
        inputs[i] = sopool_arg_i64(i);
    result = sopool_map_async(pool, "behave.square", inputs, 60, NULL, &err);
    ck_assert_msg(result != NULL, "%s", err.message);
    for (uint32_t i = 0; i < 12; i++) {
        ck_assert_int_eq(sopool_resize(pool, 1 + i * 7 % 5, &err), 0);
        (void)sopool_result_wait(result, 2, NULL);
    }
    ck_assert_int_eq(sopool_result_wait(result, 20000, &err), 0);
    for (size_t i = 0; i < 60; i++)
        ck_assert_int_eq(int_of(sopool_result_value(result, i, &err)),
                         (int64_t)(i * i));
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

static void expect_true(sopool_value *value)
{
    bool is = false;

    MUST(value != NULL && sopool_value_bool(value, &is, &err) == 0);
    ck_assert(is);
    sopool_value_free(value);
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* A worker that was forked from the forkserver ends early where that cannot be
 * seen; one that was spawned always ends by exit(). */
START_TEST(workers_end_as_by_exit)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;
    gate handler, destructor;

    ck_assert_int_eq(setenv("UNDONE_FILE", gate_new(destructor), 1), 0);
    set(options, "plugins.load", "leaver");
    pool = open_pool(options);
    expect_true(sopool_apply(pool, "leaver.nothing", SOPOOL_NO_ARGS, &err));
    expect_true(sopool_apply(pool, "leaver.leaves",
                             SOPOOL_ARGS(gate_new(handler)), &err));
    ck_assert(!is_there(handler));
    end_pool(pool);
    ck_assert(is_there(handler));
    ck_assert(!is_there(destructor));

    options = options_of(methods[_i]);
    set(options, "plugins.load", "undone");
    pool = open_pool(options);
    expect_true(sopool_apply(pool, "undone.nothing", SOPOOL_NO_ARGS, &err));
    end_pool(pool);
    ck_assert(is_there(destructor));
    (void)unlink(handler);
    (void)unlink(destructor);
}
END_TEST

/* Many have had their call, and end, before the pool knows of them. */
START_TEST(so_do_workers_of_one_call)
{
    enum { CALLS = 40 };
    static gate handler[CALLS];
    sopool_options *options = options_of(methods[_i]);
    sopool_result *result[CALLS];
    sopool_pool *pool;

    set(options, "plugins.load", "leaver");
    set(options, "maxtasksperchild", "1");
    pool = open_pool(options);
    for (int i = 0; i < CALLS; i++)
        result[i] =
            async(pool, "leaver.leaves", SOPOOL_ARGS(gate_new(handler[i])));
    for (int i = 0; i < CALLS; i++) {
        expect_true(sopool_result_get(result[i], -1, &err));
        sopool_result_free(result[i]);
    }
    end_pool(pool);
    for (int i = 0; i < CALLS; i++) {
        ck_assert(is_there(handler[i]));
        (void)unlink(handler[i]);
    }
}
END_TEST

START_TEST(a_broken_pool_fails_fast_and_can_be_reset)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_result *before;
    sopool_pool *pool;
    gate path;

    set(options, "initializer", "behave.fails_unless");
    ck_assert_int_eq(setenv("BEHAVE_FILE", gate_new(path), 1), 0);
    pool = open_pool(options);
    before =
        sopool_apply_async(pool, "behave.square", SOPOOL_ARGS(1), NULL, &err);
    if (before != NULL)
        expect_get(before, SOPOOL_E_BROKEN);
    UNTIL(sopool_apply(pool, "behave.square", SOPOOL_ARGS(1), &err) == NULL);
    ck_assert_int_eq(err.code, SOPOOL_E_BROKEN);
    ck_assert_ptr_nonnull(strstr(err.message, "behave.fails_unless"));
    gate_open(path);
    MUST(sopool_reset(pool, &err) == 0);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "behave.square", SOPOOL_ARGS(3), &err)), 9);
    end_pool(pool);
    gate_remove(path);
}
END_TEST

/* In place: the pool holds on to the file. */
static void copy(const char *from, const char *to)
{
    char command[1200];

    (void)snprintf(command, sizeof(command), "cat '%s' >'%s'", from, to);
    ck_assert_int_eq(system(command), 0);
}

/* The plugin is cut off when a forkserver has to be started anew. */
START_TEST(a_pool_whose_plugin_broke_can_be_reset)
{
    const char *plugins = getenv("SOPOOL_TEST_PLUGINS");
    const char *tmp = getenv("TMPDIR");
    char from[512], folder[512], path[600];
    sopool_options *options = sopool_options_new();
    sopool_pool *pool;
    int server;

    (void)snprintf(from, sizeof(from), "%s/faults.so", plugins);
    (void)snprintf(folder, sizeof(folder), "%s/reset-XXXXXX",
                   tmp != NULL ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/faults.so", folder);
    copy(from, path);
    set(options, "plugin_path", folder);
    set(options, "plugins.load", "faults");
    pool = open_pool(options);
    server =
        (int)int_of(sopool_apply(pool, "faults.parent", SOPOOL_NO_ARGS, &err));
    ck_assert_int_eq(kill(server, SIGKILL), 0);
    ck_assert_int_eq(truncate(path, 100), 0);
    for (int i = 0; i < 3; i++) {
        while (err.code != SOPOOL_E_PLUGIN)
            sopool_value_free(
                sopool_apply(pool, "faults.nap", SOPOOL_ARGS(0), &err));
        /* Not how the forkserver of before the reset ended. */
        ck_assert_ptr_null(strstr(err.message, "exited"));
        MUST(sopool_reset(pool, &err) == 0);
        err.code = 0;
    }
    copy(from, path);
    UNTIL(
        (sopool_reset(pool, &err), sopool_wait_ready(pool, 20000, &err) == 0));
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "faults.nap", SOPOOL_ARGS(1), &err)), 1);
    sopool_destroy(pool);
    (void)unlink(path);
    (void)rmdir(folder);
}
END_TEST

START_TEST(who_is_to_say_so_can_wait_until_it_is_ready)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_stats stats;
    sopool_pool *pool;
    gate path;

    set(options, "initializer", "behave.waits_for");
    ck_assert_int_eq(setenv("BEHAVE_FILE", gate_new(path), 1), 0);
    pool = open_pool(options);
    ck_assert_int_eq(sopool_wait_ready(pool, 20, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    gate_open(path);
    MUST(sopool_wait_ready(pool, 20000, &err) == 0);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_ge(stats.workers, 1);
    sopool_close(pool);
    ck_assert_int_eq(sopool_wait_ready(pool, -1, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
    sopool_destroy(pool);
    gate_remove(path);
}
END_TEST

START_TEST(a_closed_pool_does_not_wait_for_an_initializer_that_hangs)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;
    gate path;

    set(options, "initializer", "behave.waits_for");
    set(options, "timeout", "300ms");
    ck_assert_int_eq(setenv("BEHAVE_FILE", gate_new(path), 1), 0);
    pool = open_pool(options);
    rest(100); /* it is being run by then, or is not even begun */
    sopool_close(pool);
    MUST(sopool_join(pool, 20000, &err) == 0);
    sopool_destroy(pool);
}
END_TEST

START_TEST(who_waits_until_it_is_ready_hears_why_it_is_not)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;
    gate path;

    set(options, "initializer", "behave.fails_unless");
    ck_assert_int_eq(setenv("BEHAVE_FILE", gate_new(path), 1), 0);
    pool = open_pool(options);
    ck_assert_int_eq(sopool_wait_ready(pool, -1, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_BROKEN);
    ck_assert_ptr_nonnull(strstr(err.message, "behave.fails_unless"));
    end_pool(pool);
    gate_remove(path);
}
END_TEST

START_TEST(a_worker_killed_from_outside_is_replaced)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result = async(pool, "faults.nap", SOPOOL_ARGS(60000));
    int pids[2];

    UNTIL(sopool_worker_pids(pool, pids, 2) == 2 &&
          sopool_result_running(result));
    for (int i = 0; i < 2; i++)
        (void)kill(pids[i], SIGKILL);
    ck_assert_ptr_null(sopool_result_get(result, 20000, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_DIED);
    ck_assert_int_eq(err.signal, SIGKILL);
    ck_assert_int_eq(err.ended_by, SOPOOL_BY_OUTSIDE);
    sopool_result_free(result);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "behave.square", SOPOOL_ARGS(i), &err)),
            (int64_t)i * i);
    end_pool(pool);
}
END_TEST

START_TEST(a_task_that_exits_fails_alone)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result[40];

    for (int i = 0; i < 40; i++)
        result[i] = i % 10 == 3
                        ? async(pool, "faults.die", SOPOOL_ARGS("exit"))
                        : async(pool, "behave.subtract", SOPOOL_ARGS(i, 0));
    for (int i = 0; i < 40; i++) {
        if (i % 10 == 3) {
            expect_get(result[i], SOPOOL_E_DIED);
            ck_assert_int_eq(err.exit_status, 3);
            continue;
        }
        ck_assert_int_eq(int_of(sopool_result_get(result[i], 20000, &err)), i);
        sopool_result_free(result[i]);
    }
    end_pool(pool);
}
END_TEST

START_TEST(resize_grows_and_shrinks_without_losing_a_call)
{
    enum { INPUTS = 3000 };
    static const uint32_t sizes[] = {5, 1, 4, 2, 8, 1, 3};
    static sopool_arg inputs[INPUTS];
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result;
    sopool_stats stats;

    for (size_t i = 0; i < INPUTS; i++)
        inputs[i] = sopool_arg_u64(i % 3);
    result = sopool_map_async(pool, "faults.nap", inputs, INPUTS, NULL, &err);
    MUST(result);
    for (size_t i = 0; i < 7; i++) {
        MUST(sopool_resize(pool, sizes[i], &err) == 0);
        rest(30);
    }
    MUST(sopool_result_wait(result, 28000, &err) == 0);
    ck_assert(sopool_result_successful(result));
    UNTIL((sopool_get_stats(pool, &stats, NULL, 0), stats.workers == 3));
    ck_assert_uint_eq(stats.processes, 3);
    ck_assert_uint_eq(stats.done, INPUTS);
    ck_assert_uint_eq(stats.retired, 0);
    ck_assert_int_eq(sopool_resize(pool, 0, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    ck_assert_int_eq(sopool_resize(pool, 5000, &err), -1);
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

/* How many calls stand in histograms. */
static uint64_t count_timed(sopool_pool *pool)
{
    sopool_task_stats tasks[4];
    sopool_stats stats;
    size_t tasks_there = sopool_get_stats(pool, &stats, tasks, 4);
    uint64_t timed = 0;

    for (size_t t = 0; t < tasks_there; t++)
        for (int i = 0; i < SOPOOL_BUCKETS; i++)
            timed += tasks[t].histogram[i];
    return timed;
}

START_TEST(statistics_count_every_call_and_time_it)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_task_stats tasks[4];
    sopool_stats stats;
    uint64_t slow = 0;

    for (int i = 0; i < 20; i++)
        sopool_value_free(
            sopool_apply(pool, "behave.odd_fails", SOPOOL_ARGS(i), &err));
    for (int i = 0; i < 3; i++)
        sopool_value_free(
            sopool_apply(pool, "faults.nap", SOPOOL_ARGS(20), &err));
    /* The last call is timed a moment after it is answered. */
    UNTIL(count_timed(pool) == 23);
    ck_assert_uint_eq(sopool_get_stats(pool, &stats, tasks, 4), 2);
    ck_assert_uint_eq(stats.submitted, 23);
    ck_assert_uint_eq(stats.done, 13);
    ck_assert_uint_eq(stats.failed, 10);
    ck_assert_uint_eq(stats.queued, 0);
    ck_assert_uint_eq(stats.running, 0);
    ck_assert_uint_eq(stats.processes, 2);
    for (int t = 0; t < 2; t++) {
        if (strcmp(tasks[t].task, "faults.nap") != 0) {
            ck_assert_str_eq(tasks[t].task, "behave.odd_fails");
            ck_assert_uint_eq(tasks[t].done, 10);
            ck_assert_uint_eq(tasks[t].failed, 10);
            continue;
        }
        ck_assert_uint_ge(tasks[t].total_ns, 60000000);
        for (int i = 24; i < SOPOOL_BUCKETS; i++) /* 16.8 ms and more */
            slow += tasks[t].histogram[i];
        ck_assert_uint_eq(slow, 3);
    }
    ck_assert_uint_eq(sopool_get_stats(pool, &stats, tasks, 1), 2);
    end_pool(pool);
}
END_TEST

/* ---- where a pool must not be used ------------------------------------- */

/* In a child: every use is an error, and harms nobody. */
static int use_in_child(sopool_pool *pool, sopool_result *result,
                        sopool_stream *stream)
{
    sopool_iterator *none;
    sopool_error why = {0};
    sopool_stats stats;
    int wrong = 0;

    wrong += sopool_apply(pool, "behave.square", SOPOOL_ARGS(1), &why) != NULL;
    wrong += why.code != SOPOOL_E_FORKED;
    why.code = 0;
    none = sopool_imap(pool, "behave.square", NULL, NULL, NULL, &why);
    wrong += none != NULL || why.code != SOPOOL_E_FORKED;
    why.code = 0;
    wrong += sopool_result_get(result, -1, &why) != NULL;
    wrong += why.code != SOPOOL_E_FORKED;
    why.code = 0;
    wrong += sopool_stream_send(stream, SOPOOL_ARGS(1), -1, &why) != -1;
    wrong += why.code != SOPOOL_E_FORKED;
    wrong += sopool_join(pool, -1, &why) == 0;
    wrong += sopool_shutdown(pool, true, -1, &why) == 0;
    wrong += sopool_resize(pool, 3, &why) == 0;
    wrong += sopool_wait(&result, 1, SOPOOL_ALL_COMPLETED, -1, &why) != -1;
    wrong += sopool_dispatch(pool, &why) != -1;
    wrong += sopool_get_stats(pool, &stats, NULL, 0) != 0;
    wrong += sopool_result_cancel(result);
    sopool_close(pool);
    sopool_stop(pool);
    sopool_terminate(pool);
    sopool_result_free(result);
    sopool_destroy(pool);
    return wrong;
}

START_TEST(after_fork_a_pool_is_of_no_use_to_the_child)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result = async(pool, "behave.patient", SOPOOL_NO_ARGS);
    sopool_stream *stream =
        sopool_stream_open(pool, "behave.square", NULL, &err);
    pid_t child;
    int status;

    child = fork();
    if (child == 0)
        _exit(use_in_child(pool, result, stream));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x",
                  (unsigned)status);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "behave.square", SOPOOL_ARGS(3), &err)), 9);
    UNTIL(sopool_result_running(result));
    (void)sopool_result_cancel(result);
    MUST(sopool_result_wait(result, 20000, &err) == 0);
    sopool_result_free(result);
    sopool_stream_close(stream);
    end_pool(pool);
}
END_TEST

START_TEST(a_child_may_open_a_pool_of_its_own)
{
    sopool_pool *pool = pool_of(methods[_i]);
    pid_t child = fork();
    int status;

    if (child == 0) {
        sopool_pool *own = pool_of(methods[_i]);
        int64_t nine =
            int_of(sopool_apply(own, "behave.square", SOPOOL_ARGS(3), &err));

        sopool_destroy(own);
        _exit(nine != 9);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    end_pool(pool);
}
END_TEST

/* While workers that are threads open plugins. */
START_TEST(children_may_be_forked_at_any_moment)
{
    for (int i = 0; i < 20; i++) {
        sopool_pool *pool = pool_of("thread");
        pid_t child = fork();
        int status;

        if (child == 0) {
            sopool_pool *own = pool_of("thread");
            int64_t nine = int_of(
                sopool_apply(own, "behave.square", SOPOOL_ARGS(3), &err));

            _exit(nine != 9);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        end_pool(pool);
    }
}
END_TEST

static sopool_pool *handled;
static atomic_int refused, allowed;

static void use_in_handler(int sig)
{
    int number = errno;
    sopool_error why;

    (void)sig;
    if (sopool_join(handled, 0, &why) == -1 && why.code == SOPOOL_E_REENTERED)
        refused++;
    else
        allowed++;
    errno = number;
}

static void *interrupt(void *arg)
{
    pthread_t thread = *(pthread_t *)arg;

    for (int i = 0; i < 2000 && refused < 20; i++) {
        (void)pthread_kill(thread, SIGUSR1);
        rest(1);
    }
    return NULL;
}

/* It comes while the thread is inside, or waits there; nothing hangs. */
START_TEST(a_signal_handler_is_refused_while_its_thread_is_inside)
{
    pthread_t self = pthread_self(), other;

    handled = pool_of(methods[_i]);
    (void)signal(SIGUSR1, use_in_handler);
    ck_assert_int_eq(pthread_create(&other, NULL, interrupt, &self), 0);
    while (refused < 20)
        ck_assert_int_eq(
            int_of(sopool_apply(handled, "faults.nap", SOPOOL_ARGS(2), &err)),
            2);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    end_pool(handled);
}
END_TEST

static void end_in_handler(int sig)
{
    if (sig == SIGUSR1)
        sopool_stop(handled);
    else
        sopool_terminate(handled);
}

START_TEST(a_signal_handler_may_end_the_pool)
{
    sopool_result *soft, *hard;

    handled = pool_of(methods[_i]);
    (void)signal(SIGUSR1, end_in_handler);
    (void)signal(SIGUSR2, end_in_handler);
    soft = async(handled, "behave.patient", SOPOOL_NO_ARGS);
    hard = async(handled, "faults.nap", SOPOOL_ARGS(60000));
    UNTIL(sopool_result_running(soft) && sopool_result_running(hard));
    (void)raise(SIGUSR1);
    MUST(sopool_result_wait(soft, 20000, &err) == 0);
    ck_assert(sopool_result_successful(soft));
    ck_assert(!sopool_result_done(hard));
    (void)raise(SIGUSR2);
    expect_get(hard, SOPOOL_E_CLOSED);
    MUST(sopool_join(handled, 20000, &err) == 0);
    sopool_result_free(soft);
    sopool_destroy(handled);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lifecycle");
    TCase *t = add_case(s, "ending");

    tcase_add_loop_test(t, nothing_is_taken_after_the_end, 0, METHODS);
    tcase_add_loop_test(t, join_of_an_open_pool_is_an_error, 0, METHODS);
    tcase_add_loop_test(t, shutdown_waits_and_cancels_as_it_is_told, 0,
                        METHODS);
    tcase_add_loop_test(t, stop_lets_running_tasks_end_softly, 0, METHODS);
    tcase_add_loop_test(t, every_call_ends_when_the_pool_does, 0, METHODS);
    t = add_case(s, "destroying");
    tcase_add_loop_test(t, a_pool_may_be_destroyed_while_threads_wait_in_it, 0,
                        METHODS);
    tcase_add_loop_test(t, who_joins_a_pool_with_an_event_loop_calls_back, 0,
                        METHODS);
    tcase_add_loop_test(t, every_call_of_a_stream_is_counted, 0, METHODS);
    tcase_add_loop_test(t, no_end_of_a_stream_waits_when_the_pool_has_ended, 0,
                        METHODS);
    tcase_add_loop_test(t, a_pool_may_be_destroyed_as_it_starts, 0, METHODS);
    tcase_add_loop_test(t, a_pool_may_be_destroyed_in_its_own_callback, 0,
                        METHODS);
    tcase_add_loop_test(t, a_pool_may_be_destroyed_while_it_dispatches, 0,
                        METHODS);
    if (!sanitized())
        tcase_add_loop_test(t, a_forgotten_pool_does_not_keep_its_program, 0,
                            METHODS);
    tcase_add_loop_test(t, results_may_be_left_or_outlive_the_pool, 0, METHODS);
    t = add_case(s, "workers");
    tcase_add_loop_test(t, maxtasksperchild_counts_calls_however_they_travel, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, a_pool_of_short_lives_may_change_its_size, 0,
                        METHODS);
    tcase_add_loop_test(t, workers_end_as_by_exit, 0, PROGRAM_METHODS);
    tcase_add_loop_test(t, so_do_workers_of_one_call, 0, PROGRAM_METHODS);
    tcase_add_loop_test(t, a_broken_pool_fails_fast_and_can_be_reset, 0,
                        METHODS);
    tcase_add_loop_test(t, who_is_to_say_so_can_wait_until_it_is_ready, 0,
                        METHODS);
    tcase_add_test(t, a_pool_whose_plugin_broke_can_be_reset);
    tcase_add_loop_test(
        t, a_closed_pool_does_not_wait_for_an_initializer_that_hangs, 0,
        PROCESS_METHODS);
    tcase_add_loop_test(t, who_waits_until_it_is_ready_hears_why_it_is_not, 0,
                        METHODS);
    tcase_add_loop_test(t, a_worker_killed_from_outside_is_replaced, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, a_task_that_exits_fails_alone, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, resize_grows_and_shrinks_without_losing_a_call, 0,
                        METHODS);
    tcase_add_loop_test(t, statistics_count_every_call_and_time_it, 0, METHODS);
    t = add_case(s, "places");
    tcase_add_loop_test(t, after_fork_a_pool_is_of_no_use_to_the_child, 0,
                        METHODS);
    if (!sanitized()) {
        tcase_add_loop_test(t, a_child_may_open_a_pool_of_its_own, 0, METHODS);
        tcase_add_test(t, children_may_be_forked_at_any_moment);
    }
    tcase_add_loop_test(
        t, a_signal_handler_is_refused_while_its_thread_is_inside, 0, METHODS);
    tcase_add_loop_test(t, a_signal_handler_may_end_the_pool, 0, METHODS);
    return unit_run(s);
}
