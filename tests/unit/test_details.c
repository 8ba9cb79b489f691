/* test_details.c - what is known of calls that have ended, and of the workers
 * that ran them. */
#include <signal.h>
#include <string.h>
#include <time.h>

#include "pools.h"
#include "unit.h"

static int64_t since_1970(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000 + now.tv_nsec;
}

static sopool_stream *stream_of(sopool_pool *pool, const char *task,
                                const sopool_stream_options *options)
{
    sopool_stream *stream = sopool_stream_open(pool, task, options, &err);

    ck_assert_msg(stream != NULL, "%s", err.message);
    return stream;
}

static void send(sopool_stream *stream, sopool_args args)
{
    MUST(sopool_stream_send(stream, args, -1, &err) == 0);
}

static sopool_item next(sopool_stream *stream)
{
    sopool_item item;

    MUST(sopool_stream_next(stream, &item, 20000, &err) == 1);
    return item;
}

static void end(sopool_stream *stream)
{
    sopool_item item;

    MUST(sopool_stream_next(stream, &item, 20000, &err) == 0);
    sopool_stream_close(stream);
}

static const sopool_stream_options detailed = {.details = true};

START_TEST(calls_are_measured)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream *stream = stream_of(pool, "faults.nap", &detailed);
    int64_t before = since_1970();

    for (int i = 0; i < 10; i++)
        send(stream, SOPOOL_ARGS((uint64_t)20));
    sopool_stream_end(stream);
    for (int i = 0; i < 10; i++) {
        sopool_item item = next(stream);
        const sopool_call_info *info = item.info;

        ck_assert_ptr_null(item.error);
        ck_assert_int_gt(info->pid, 0);
        ck_assert_uint_ge(info->worker, 1);
        ck_assert_uint_le(info->worker, 2);
        ck_assert_uint_eq(info->attempts, 1);
        ck_assert_int_ge(info->started_ns, before - 1000000);
        ck_assert_int_ge(info->duration_ns, 20000000);
        ck_assert_int_le(info->started_ns + info->duration_ns,
                         since_1970() + 1000000);
        ck_assert_int_ge(info->cpu_ns, 0);
        ck_assert_int_lt(info->cpu_ns, info->duration_ns);
        ck_assert_uint_gt(info->peak_kib, 100);
    }
    end(stream);
    end_pool(pool);
}
END_TEST

/* A result may be there before the pool has been told who its worker is. */
START_TEST(workers_that_answer_at_once_are_named)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;
    sopool_stream *stream;

    set(options, "maxtasksperchild", "1");
    pool = open_pool(options);
    stream = stream_of(pool, "faults.pid", &detailed);
    for (int i = 0; i < 100; i++)
        send(stream, SOPOOL_ARGS(i));
    sopool_stream_end(stream);
    for (int i = 0; i < 100; i++) {
        sopool_item item = next(stream);

        ck_assert_ptr_null(item.error);
        ck_assert_int_eq(item_int(&item), item.info->pid);
    }
    end(stream);
    end_pool(pool);
}
END_TEST

START_TEST(nothing_is_told_that_was_not_asked_for)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream *stream = stream_of(pool, "behave.square", NULL);

    send(stream, SOPOOL_ARGS(3));
    sopool_stream_end(stream);
    ck_assert_ptr_null(next(stream).info);
    end(stream);
    end_pool(pool);
}
END_TEST

/* Small ones, those that just fit the channel, and those that do not. */
START_TEST(results_of_all_sizes_come_with_details)
{
    static const uint64_t sizes[] = {0,     1,     9,     1000,   65530,
                                     65535, 65536, 65537, 100000, 3000000};
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]), ROUNDS = 30 };
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream *stream = stream_of(pool, "faults.big", &detailed);

    for (int i = 0; i < SIZES * ROUNDS; i++)
        send(stream, SOPOOL_ARGS(sizes[i % SIZES]));
    sopool_stream_end(stream);
    for (int i = 0; i < SIZES * ROUNDS; i++) {
        sopool_item item = next(stream);

        ck_assert_ptr_null(item.error);
        ck_assert_uint_ge(item.size, sizes[i % SIZES]);
        ck_assert_uint_le(item.size, sizes[i % SIZES] + 9);
        ck_assert_uint_eq(item.info->attempts, 1);
        ck_assert_int_ge(item.info->duration_ns, 0);
    }
    end(stream);
    end_pool(pool);
}
END_TEST

START_TEST(failures_have_details_too)
{
    const sopool_error why = {.code = SOPOOL_E_ARGS, .message = "no such file"};
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream *stream = stream_of(pool, "behave.odd_fails", &detailed);
    sopool_item item;

    send(stream, SOPOOL_ARGS(1));
    MUST(sopool_stream_send_failure(stream, &why, -1, &err) == 0);
    sopool_stream_end(stream);
    item = next(stream);
    ck_assert_int_eq(item.error->code, SOPOOL_E_TASK);
    ck_assert_uint_eq(item.info->attempts, 1);
    item = next(stream);
    ck_assert_str_eq(item.error->message, "no such file");
    ck_assert_uint_eq(item.info->attempts, 0);
    ck_assert_int_eq(item.info->pid, 0);
    ck_assert_int_eq(item.info->duration_ns, -1);
    ck_assert_int_eq(item.info->cpu_ns, -1);
    end(stream);
    end_pool(pool);
}
END_TEST

START_TEST(a_call_that_its_worker_dies_of_has_a_beginning)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream *stream = stream_of(pool, "faults.die", &detailed);
    int64_t before = since_1970();
    sopool_item item;

    send(stream, SOPOOL_ARGS("segv"));
    sopool_stream_end(stream);
    item = next(stream);
    ck_assert_int_eq(item.error->code, SOPOOL_E_DIED);
    ck_assert_int_eq(item.info->pid, item.error->pid);
    ck_assert_uint_eq(item.info->attempts, 1);
    ck_assert_int_ge(item.info->started_ns, before - 1000000);
    ck_assert_int_ge(item.info->duration_ns, 0);
    ck_assert_int_eq(item.info->cpu_ns, -1);
    end(stream);
    end_pool(pool);
}
END_TEST

START_TEST(attempts_are_counted)
{
    const sopool_stream_options options = {.details = true, .retries = 3};
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream *stream = stream_of(pool, "faults.die_once", &options);
    sopool_item item;
    gate path;

    send(stream, SOPOOL_ARGS(gate_new(path)));
    sopool_stream_end(stream);
    item = next(stream);
    ck_assert_ptr_null(item.error);
    ck_assert_uint_eq(item.info->attempts, 2);
    ck_assert_uint_ge(item.info->worker, 1);
    end(stream);
    end_pool(pool);
    gate_remove(path);
}
END_TEST

/* ---- workers ----------------------------------------------------------- */

struct seen {
    int started, ready, ended;
    sopool_worker_event last_end;
};

static void look(sopool_pool *pool, struct seen *seen)
{
    sopool_worker_event event[3];
    size_t count;

    while ((count = sopool_worker_events(pool, event, 3)) > 0)
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_ge(event[i].worker, 1);
            ck_assert_int_gt(event[i].at_ns, 0);
            seen->started += event[i].kind == SOPOOL_WORKER_STARTED;
            seen->ready += event[i].kind == SOPOOL_WORKER_READY;
            seen->ended += event[i].kind == SOPOOL_WORKER_ENDED;
            if (event[i].kind == SOPOOL_WORKER_ENDED)
                seen->last_end = event[i];
        }
}

START_TEST(what_happens_to_workers_is_told)
{
    sopool_pool *pool = pool_of(methods[_i]);
    struct seen seen = {0};
    int pids[2];

    UNTIL((look(pool, &seen), seen.ready == 2));
    ck_assert_int_eq(seen.started, 2);
    UNTIL(sopool_worker_pids(pool, pids, 2) == 2);
    ck_assert_int_eq(kill(pids[0], SIGKILL), 0);
    UNTIL((look(pool, &seen), seen.ready == 3));
    ck_assert_int_eq(seen.started, 3);
    ck_assert_int_eq(seen.ended, 1);
    ck_assert_int_eq(seen.last_end.pid, pids[0]);
    ck_assert_int_eq(seen.last_end.signal, SIGKILL);
    ck_assert_int_eq(seen.last_end.ended_by, SOPOOL_BY_OUTSIDE);
    sopool_close(pool);
    MUST(sopool_join(pool, 20000, &err) == 0);
    look(pool, &seen);
    ck_assert_int_eq(seen.ended, 3);
    ck_assert_int_eq(seen.last_end.ended_by, SOPOOL_BY_POOL);
    sopool_destroy(pool);
}
END_TEST

/* A pool is told to end while its workers start: they are ready nevertheless.
 */
START_TEST(that_a_worker_was_ready_is_told_late)
{
    sopool_pool *pool = pool_of("spawn");
    struct seen seen = {0};

    look(pool, &seen);
    UNTIL((look(pool, &seen), seen.started == 2));
    sopool_close(pool);
    MUST(sopool_join(pool, 20000, &err) == 0);
    look(pool, &seen);
    ck_assert_int_eq(seen.ready, 2);
    ck_assert_int_eq(seen.ended, 2);
    sopool_destroy(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("details");
    TCase *t = add_case(s, "calls");

    tcase_add_loop_test(t, calls_are_measured, 0, METHODS);
    tcase_add_loop_test(t, workers_that_answer_at_once_are_named, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, nothing_is_told_that_was_not_asked_for, 0, METHODS);
    tcase_add_loop_test(t, results_of_all_sizes_come_with_details, 0, METHODS);
    tcase_add_loop_test(t, failures_have_details_too, 0, METHODS);
    tcase_add_loop_test(t, a_call_that_its_worker_dies_of_has_a_beginning, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, attempts_are_counted, 0, PROCESS_METHODS);
    t = add_case(s, "workers");
    tcase_add_loop_test(t, what_happens_to_workers_is_told, 0, PROCESS_METHODS);
    tcase_add_test(t, that_a_worker_was_ready_is_told_late);
    return unit_run(s);
}
