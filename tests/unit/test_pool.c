/* test_pool.c - pools by the public API, with each start method: results,
 * order, deaths, limits, ends. The tasks are those of tests/plugins/faults.c,
 * in the folder that SOPOOL_TEST_PLUGINS names. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sopool/abi.h>
#include <sopool/cbor.h>

#include "pools.h"
#include "sopool.h"
#include "unit.h"

/* ---- calls ------------------------------------------------------------- */

START_TEST(apply_gives_the_result)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    sopool_value *value;
    const char *text;
    size_t size;

    value = sopool_apply(pool, "faults.print", SOPOOL_ARGS("a line"), &err);
    ck_assert_msg(value != NULL, "%s", err.message);
    ck_assert_int_eq(sopool_value_str(value, &text, &size, NULL), 0);
    ck_assert_uint_eq(size, 6);
    ck_assert_mem_eq(text, "a line", 6);
    ck_assert_int_eq(sopool_value_i64(value, &(int64_t){0}, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_VALUE);
    sopool_value_free(value);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "faults.nap", SOPOOL_ARGS(3), &err)), 3);
    end_pool(pool);
}
END_TEST

START_TEST(errors_say_what_was_wrong)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));

    expect_failure(pool, "faults.nap", SOPOOL_ARGS("x"), SOPOOL_E_ARGS);
    ck_assert_str_eq(err.message, "argument 1 (ms) must be u64, got text");
    ck_assert_str_eq(err.task, "faults.nap");
    expect_failure(pool, "faults.nap", SOPOOL_ARGS(1, 2), SOPOOL_E_ARGS);
    expect_failure(pool, "faults.nap", SOPOOL_ARGS(-1), SOPOOL_E_ARGS);
    expect_failure(pool, "faults.nep", SOPOOL_ARGS(1), SOPOOL_E_NO_TASK);
    ck_assert_ptr_nonnull(strstr(err.message, "did you mean 'faults.nap'?"));
    expect_failure(pool, "faults.fail", SOPOOL_ARGS("no\033luck"),
                   SOPOOL_E_TASK);
    ck_assert_str_eq(err.message, "no?luck");
    expect_failure(pool, "faults.not_text", SOPOOL_NO_ARGS, SOPOOL_E_RESULT);
    expect_failure(pool, "faults.no_value", SOPOOL_NO_ARGS, SOPOOL_E_RESULT);
    expect_failure(pool, "faults.echo", SOPOOL_ARGS("\xff"), SOPOOL_E_ARGS);
    end_pool(pool);
}
END_TEST

/* Arguments and results of every size that changes how they travel. */
START_TEST(sizes_do_not_matter)
{
    static const size_t sizes[] = {
        0, 1, 23, 24, 65000, 65536, 70000, 262144, 300000, 1 << 20, 9000001};
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    uint8_t *data = calloc(1, 9000001);

    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        sopool_arg arg = sopool_arg_bytes(data, sizes[i]);
        sopool_value *value;
        const uint8_t *back;
        size_t size;

        ck_assert_int_eq(
            int_of(sopool_apply(pool, "faults.size", SOPOOL_ARGS(arg), &err)),
            (int64_t)sizes[i]);
        value = sopool_apply(pool, "faults.big", SOPOOL_ARGS(sizes[i]), &err);
        ck_assert_msg(value != NULL, "%s", err.message);
        ck_assert_int_eq(
            sopool_value_bytes(value, (const void **)&back, &size, &err), 0);
        ck_assert_uint_eq(size, sizes[i]);
        if (size > 0)
            ck_assert_uint_eq(back[size - 1], (uint8_t)((size - 1) * 31));
        sopool_value_free(value);
        value = sopool_apply(pool, "faults.echo", SOPOOL_ARGS(arg), &err);
        ck_assert_msg(value != NULL, "%s", err.message);
        sopool_value_free(value);
    }
    free(data);
    end_pool(pool);
}
END_TEST

START_TEST(a_list_grows_as_it_is_written)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    sopool_value *value =
        sopool_apply(pool, "faults.numbers", SOPOOL_ARGS(100000), &err);
    sopool_reader r;
    uint64_t count, number;
    size_t size;

    ck_assert_msg(value != NULL, "%s", err.message);
    (void)sopool_value_cbor(value, &size);
    r = sopool_reader_of(sopool_value_cbor(value, NULL), size);
    ck_assert_int_eq(sopool_read_array(&r, &count), 0);
    ck_assert_uint_eq(count, 100000);
    for (uint64_t i = 0; i < count; i++) {
        ck_assert_int_eq(sopool_read_u64(&r, &number), 0);
        ck_assert_uint_eq(number, i);
    }
    sopool_value_free(value);
    end_pool(pool);
}
END_TEST

/* ---- streams ----------------------------------------------------------- */

struct sending {
    sopool_stream *stream;
    int64_t count;
    bool fail_sevenths; /* every seventh input fails before it is sent */
};

static void *send_numbers(void *arg)
{
    struct sending *s = arg;
    sopool_error why = {.code = SOPOOL_E_ARGS, .message = "a seventh"};

    for (int64_t i = 0; i < s->count; i++) {
        int status;

        if (s->fail_sevenths && i % 7 == 0)
            status = sopool_stream_send_failure(s->stream, &why, -1, NULL);
        else
            status = sopool_stream_send(s->stream, SOPOOL_ARGS(i), -1, NULL);
        if (status != 0)
            return NULL;
    }
    sopool_stream_end(s->stream);
    return NULL;
}

/* Every number comes back once, in order unless unordered; the odd ones fail
 * if the task is one that fails on them. */
static void run_stream(sopool_pool *pool, const char *task, int64_t count,
                       const sopool_stream_options *how, bool odd_fail)
{
    struct sending s = {sopool_stream_open(pool, task, how, &err), count,
                        false};
    uint8_t *seen = calloc(1, (size_t)count);
    pthread_t thread;
    sopool_item item;
    int64_t got = 0;

    ck_assert_msg(s.stream != NULL, "%s", err.message);
    ck_assert_int_eq(pthread_create(&thread, NULL, send_numbers, &s), 0);
    for (; sopool_stream_next(s.stream, &item, -1, &err) == 1; got++) {
        ck_assert_uint_lt(item.index, (uint64_t)count);
        if (how == NULL || !how->unordered)
            ck_assert_uint_eq(item.index, (uint64_t)got);
        ck_assert_uint_eq(seen[item.index]++, 0);
        if (odd_fail && item.index % 2 == 1)
            ck_assert_ptr_nonnull(item.error);
        else
            ck_assert_int_eq(item_int(&item), (int64_t)item.index);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(got, count);
    sopool_stream_close(s.stream);
    free(seen);
}

START_TEST(a_stream_keeps_the_order)
{
    static const uint32_t chunks[] = {0, 1, 7, 1000};
    static const uint32_t windows[] = {0, 1, 10};
    sopool_pool *pool = open_pool(options_of(methods[_i]));

    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 3; j++) {
            sopool_stream_options how = {
                .chunksize = chunks[i],
                .window = windows[j],
            };
            int64_t count = windows[j] == 0 ? 20000 : 300;

            run_stream(pool, "faults.echo", count, &how, false);
            how.unordered = true;
            run_stream(pool, "faults.echo", count, &how, false);
        }
    run_stream(pool, "faults.echo", 1, NULL, false);
    end_pool(pool);
}
END_TEST

START_TEST(inputs_that_fail_keep_their_place)
{
    sopool_pool *pool = open_pool(options_of("forkserver"));
    sopool_stream_options how = {.unordered = _i == 1};
    struct sending s = {sopool_stream_open(pool, "faults.echo", &how, &err),
                        5000, true};
    pthread_t thread;
    sopool_item item;
    int64_t got = 0;

    ck_assert_int_eq(pthread_create(&thread, NULL, send_numbers, &s), 0);
    for (; sopool_stream_next(s.stream, &item, -1, &err) == 1; got++) {
        ck_assert_int_eq(item.error != NULL, item.index % 7 == 0);
        if (item.error != NULL)
            ck_assert_str_eq(item.error->message, "a seventh");
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(got, 5000);
    sopool_stream_close(s.stream);
    end_pool(pool);
}
END_TEST

START_TEST(a_full_window_stops_the_sender)
{
    sopool_pool *pool = open_pool(options_of("forkserver"));
    sopool_stream_options how = {.window = 5, .chunksize = 1};
    sopool_stream *s = sopool_stream_open(pool, "faults.echo", &how, &err);
    sopool_item item;
    int sent = 0;

    while (sopool_stream_send(s, SOPOOL_ARGS(sent), 50, &err) == 0)
        sent++;
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    ck_assert_int_ge(sent, 5);
    ck_assert_int_le(sent, 7);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(sopool_stream_next(s, &item, 5000, &err), 1);
    ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(sent), 5000, &err), 0);
    sopool_stream_cancel(s);
    ck_assert_int_eq(sopool_stream_next(s, &item, -1, &err), 0);
    ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(1), -1, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
    sopool_stream_close(s);
    end_pool(pool);
}
END_TEST

START_TEST(a_stream_may_be_closed_at_any_time)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));

    for (int round = 0; round < 30; round++) {
        sopool_stream *s = sopool_stream_open(
            pool, round % 2 ? "faults.nap" : "faults.echo", NULL, &err);
        sopool_item item;

        for (int i = 0; i < 100 * round; i++)
            ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(i % 3), 0, &err),
                             0);
        ck_assert_int_eq(sopool_stream_flush(s, &err), 0);
        for (int i = 0; i < round * 3; i++)
            ck_assert_int_eq(sopool_stream_next(s, &item, 5000, &err), 1);
        sopool_stream_close(s);
    }
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "faults.nap", SOPOOL_ARGS(1), &err)), 1);
    end_pool(pool);
}
END_TEST

/* A short call does not wait behind a long one while a worker has nothing. */
START_TEST(work_moves_to_who_has_none)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    sopool_stream_options how = {.unordered = true};
    sopool_stream *s;
    struct timespec before, after;
    sopool_item item;
    double seconds;

    /* The pool learns that naps are short, and so sends many together. */
    run_stream(pool, "faults.echo", 10000, NULL, false);
    s = sopool_stream_open(pool, "faults.nap", &how, &err);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(0), -1, &err), 0);
    ck_assert_int_eq(sopool_stream_flush(s, &err), 0);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(sopool_stream_next(s, &item, 5000, &err), 1);
    ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(2000), -1, &err), 0);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(0), -1, &err), 0);
    sopool_stream_end(s);
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(sopool_stream_next(s, &item, 5000, &err), 1);
        ck_assert_int_eq(item_int(&item), 0);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    seconds = (double)(after.tv_sec - before.tv_sec) +
              (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    ck_assert_double_lt(seconds, 1.5);
    ck_assert_int_eq(sopool_stream_next(s, &item, 5000, &err), 1);
    ck_assert_int_eq(item_int(&item), 2000);
    sopool_stream_close(s);
    end_pool(pool);
}
END_TEST

/* ---- deaths ------------------------------------------------------------ */

static const struct {
    const char *how;
    int signal, exit_status, ended_by;
} deaths[] = {
    {"segv", SIGSEGV, -1, SOPOOL_BY_ITSELF},
    {"abort", SIGABRT, -1, SOPOOL_BY_ITSELF},
    {"fpe", SIGFPE, -1, SOPOOL_BY_ITSELF},
    {"exit", 0, 3, SOPOOL_BY_ITSELF},
    {"_exit", 0, 0, SOPOOL_BY_ITSELF},
    {"kill", SIGKILL, -1, SOPOOL_BY_OUTSIDE},
};
enum { DEATHS = sizeof(deaths) / sizeof(deaths[0]) };

START_TEST(a_death_fails_its_call_and_says_how)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    sopool_stats stats;

    for (size_t i = 0; i < DEATHS; i++) {
        expect_failure(pool, "faults.die", SOPOOL_ARGS(deaths[i].how),
                       SOPOOL_E_DIED);
        ck_assert_int_eq(err.signal, deaths[i].signal);
        ck_assert_int_eq(err.exit_status, deaths[i].exit_status);
        ck_assert_int_eq(err.ended_by, deaths[i].ended_by);
        ck_assert_int_gt(err.pid, 0);
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "faults.nap", SOPOOL_ARGS(1), &err)), 1);
    }
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.died, DEATHS);
    ck_assert_uint_eq(stats.failed, DEATHS);
    end_pool(pool);
}
END_TEST

START_TEST(only_the_calls_that_die_fail)
{
    static const uint32_t chunks[] = {0, 1, 10};
    sopool_pool *pool = open_pool(options_of(methods[_i]));

    for (size_t i = 0; i < 3; i++) {
        sopool_stream_options how = {.chunksize = chunks[i]};

        run_stream(pool, "faults.die_odd", 60, &how, true);
        how.unordered = true;
        run_stream(pool, "faults.die_odd", 60, &how, true);
    }
    end_pool(pool);
}
END_TEST

/* Workers are killed while calls run: each call is answered once, and the calls
 * that ran are those that wrote, each no more than once. */
START_TEST(kills_from_outside_lose_nothing)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    char path[] = "/tmp/sopool-unit-XXXXXX";
    int fd = mkstemp(path);
    sopool_stream *s = sopool_stream_open(pool, "faults.record", NULL, &err);
    /* Lines of eight bytes do not cross the end of a page: a kill between two
     * pages would leave half of one. */
    enum { CALLS = 3000, FIRST = 1000000 };
    static uint8_t wrote[CALLS];
    unsigned failed = 0, missing = 0, x;
    sopool_item item;
    FILE *file;

    memset(wrote, 0, sizeof(wrote));
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(
            sopool_stream_send(s, SOPOOL_ARGS(path, FIRST + i), -1, &err), 0);
    sopool_stream_end(s);
    for (int i = 0; i < CALLS; i++) {
        ck_assert_int_eq(sopool_stream_next(s, &item, 20000, &err), 1);
        ck_assert_uint_eq(item.index, (uint64_t)i);
        if (item.error != NULL) {
            ck_assert_int_eq(item.error->code, SOPOOL_E_DIED);
            ck_assert_int_eq(item.error->signal, SIGKILL);
            failed++;
        }
        if (i % 100 == 50) {
            int pids[4];
            size_t count = sopool_worker_pids(pool, pids, 4);

            if (count > 0)
                (void)kill(pids[(size_t)i / 100 % count], SIGKILL);
        }
    }
    ck_assert_int_eq(sopool_stream_next(s, &item, 20000, &err), 0);
    sopool_stream_close(s);
    file = fdopen(fd, "r");
    while (fscanf(file, "%u", &x) == 1) {
        ck_assert_uint_ge(x, FIRST);
        ck_assert_uint_lt(x, FIRST + CALLS);
        ck_assert_uint_eq(wrote[x - FIRST]++, 0);
    }
    /* No more calls failed than workers were killed, and only those that
     * failed may not have written. */
    for (unsigned i = 0; i < CALLS; i++)
        missing += wrote[i] == 0;
    ck_assert_uint_le(failed, CALLS / 100);
    ck_assert_uint_le(missing, failed);
    (void)fclose(file);
    (void)unlink(path);
    end_pool(pool);
}
END_TEST

START_TEST(retries_are_for_idempotent_tasks_alone)
{
    sopool_options *options = options_of(methods[_i]);
    char path[] = "/tmp/sopool-unit-XXXXXX";
    sopool_pool *pool;
    sopool_stats stats;

    (void)close(mkstemp(path));
    set(options, "retries", "1");
    pool = open_pool(options);
    (void)unlink(path);
    sopool_value_free(
        sopool_apply(pool, "faults.die_once", SOPOOL_ARGS(path), &err));
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.retried, 1);
    ck_assert_uint_eq(stats.failed, 0);
    (void)unlink(path);
    expect_failure(pool, "faults.die_once_only", SOPOOL_ARGS(path),
                   SOPOOL_E_DIED);
    (void)unlink(path);
    end_pool(pool);
}
END_TEST

/* A call that fails because its worker lied, or gives what was asked for. */
static bool survives_liars(sopool_pool *pool, const char *task, int arg)
{
    sopool_value *value = sopool_apply(pool, task, SOPOOL_ARGS(arg), &err);

    if (value == NULL)
        ck_assert_msg(err.code == SOPOOL_E_PROTOCOL ||
                          err.code == SOPOOL_E_DIED,
                      "%s", err.message);
    sopool_value_free(value);
    return value != NULL;
}

/* Once a task has written over the channel nothing that comes through it counts
 * any more, so the next call of that worker may be lost, but no other. */
START_TEST(a_liar_is_replaced)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));

    for (int seed = 1; seed < 20; seed++) {
        int tries = 1;

        (void)survives_liars(pool, "faults.scribble", seed);
        while (!survives_liars(pool, "faults.nap", 1))
            ck_assert_int_le(++tries, 3); /* two workers */
    }
    end_pool(pool);
}
END_TEST

START_TEST(a_worker_that_closes_everything_is_replaced)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));

    for (int i = 0; i < 3; i++)
        sopool_value_free(
            sopool_apply(pool, "faults.close_all", SOPOOL_NO_ARGS, &err));
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "faults.nap", SOPOOL_ARGS(1), &err)), 1);
    end_pool(pool);
}
END_TEST

/* With time limits of its calls and without. */
START_TEST(a_worker_without_its_socket_has_its_time)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    sopool_call_options how = {.timeout_ms = 20000};

    ck_assert_int_eq(
        int_of(sopool_apply(pool, "faults.mute", SOPOOL_ARGS(300), &err)), 300);
    ck_assert_int_eq(int_of(sopool_apply_with(pool, "faults.mute",
                                              SOPOOL_ARGS(300), &how, &err)),
                     300);
    how.timeout_ms = 300;
    ck_assert_ptr_null(
        sopool_apply_with(pool, "faults.mute", SOPOOL_ARGS(60000), &how, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    end_pool(pool);
}
END_TEST

START_TEST(a_child_that_comes_back_is_no_worker)
{
    enum { CALLS = 200 };
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    sopool_result *result[CALLS];

    for (int i = 0; i < CALLS; i++)
        MUST(result[i] = sopool_apply_async(
                 pool, i % 5 == 0 ? "faults.come_back_twice" : "faults.nap",
                 SOPOOL_ARGS(sopool_arg_u64(i % 5 == 0 ? 7 : 0)), NULL, &err));
    for (int i = 0; i < CALLS; i++) {
        ck_assert_int_eq(int_of(sopool_result_get(result[i], 20000, &err)),
                         i % 5 == 0 ? 7 : 0);
        sopool_result_free(result[i]);
    }
    end_pool(pool);
}
END_TEST

START_TEST(a_forkserver_that_is_stopped_goes_on)
{
    sopool_pool *pool = open_pool(options_of("forkserver"));

    for (int round = 0; round < 2; round++) {
        int server = (int)int_of(
            sopool_apply(pool, "faults.parent", SOPOOL_NO_ARGS, &err));
        int worker =
            (int)int_of(sopool_apply(pool, "faults.pid", SOPOOL_ARGS(1), &err));

        ck_assert_int_eq(kill(server, SIGSTOP), 0);
        ck_assert_int_eq(kill(worker, SIGKILL), 0);
        for (int i = 0; i < 20; i++)
            sopool_value_free(
                sopool_apply(pool, "faults.nap", SOPOOL_ARGS(1), &err));
    }
    sopool_close(pool);
    MUST(sopool_join(pool, 20000, &err) == 0);
    sopool_destroy(pool);
}
END_TEST

static sopool_result *copy_when(sopool_pool *pool, const char *path)
{
    sopool_result *result = sopool_apply_async(
        pool, "faults.copy_when", SOPOOL_ARGS(path, sopool_arg_bytes("x", 1)),
        NULL, &err);

    MUST(result);
    return result;
}

/* The second of brief calls waits for something that is done after the first:
 * its worker has more to run, and so need not have rung. */
START_TEST(a_result_does_not_wait_for_the_call_behind_it)
{
    enum { CALLS = 12, USED = 2000 };
    sopool_pool *pool = one_worker(methods[_i]);
    sopool_result *result[CALLS], *used[USED];
    gate path;

    for (int i = 0; i < USED; i++)
        used[i] = copy_when(pool, "/");
    for (int i = 0; i < USED; i++) {
        MUST(sopool_result_wait(used[i], 20000, &err) == 0);
        sopool_result_free(used[i]);
    }
    for (int round = 0; round < 5; round++) {
        (void)gate_new(path);
        for (int i = 0; i < CALLS; i++)
            result[i] = copy_when(pool, i == 1 ? path : "/");
        MUST(sopool_result_wait(result[0], 500, &err) == 0);
        UNTIL(sopool_result_running(result[1]));
        gate_open(path);
        for (int i = 0; i < CALLS; i++) {
            MUST(sopool_result_wait(result[i], 20000, &err) == 0);
            sopool_result_free(result[i]);
        }
        gate_remove(path);
    }
    end_pool(pool);
}
END_TEST

static bool is_alive(pid_t pid)
{
    char path[64], state = 'X';
    FILE *file;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X';
    (void)fclose(file);
    return state != 'X' && state != 'Z';
}

static bool dies_soon(pid_t pid)
{
    for (int i = 0; i < 500 && is_alive(pid); i++)
        (void)usleep(10000);
    return !is_alive(pid);
}

/* The forkserver of the worker that answers. `dead` was killed before: a worker
 * that it made may still answer while the kernel takes it down. */
static pid_t server_after(sopool_pool *pool, pid_t dead)
{
    pid_t server = dead;

    for (int tries = 0; server == dead && tries < 500; tries++) {
        sopool_value *value =
            sopool_apply(pool, "faults.parent", SOPOOL_NO_ARGS, &err);

        if (value != NULL)
            server = (pid_t)int_of(value);
        (void)usleep(server == dead ? 10000 : 0);
    }
    ck_assert_int_ne(server, dead);
    return server;
}

/* Its workers die with it; others are had from a new one. */
START_TEST(the_forkserver_may_die)
{
    sopool_pool *pool = open_pool(options_of("forkserver"));
    pid_t server = 0;

    for (int i = 0; i < 3; i++) {
        sopool_value *value = NULL;

        server = server_after(pool, server);
        ck_assert_int_ne(server, getpid());
        ck_assert_int_eq(kill(server, SIGKILL), 0);
        for (int tries = 0; value == NULL && tries < 3; tries++)
            value = sopool_apply(pool, "faults.nap", SOPOOL_ARGS(20), &err);
        ck_assert_msg(value != NULL, "%s", err.message);
        sopool_value_free(value);
    }
    end_pool(pool);
}
END_TEST

START_TEST(what_a_task_forks_ends_with_its_worker)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    pid_t child = (pid_t)int_of(
        sopool_apply(pool, "faults.leave_child", SOPOOL_NO_ARGS, &err));

    ck_assert(is_alive(child));
    end_pool(pool);
    ck_assert(dies_soon(child));
}
END_TEST

/* ---- limits ------------------------------------------------------------ */

START_TEST(a_call_over_its_time_is_ended)
{
    sopool_options *options = options_of(methods[_i]);
    struct timespec before, after;
    sopool_pool *pool;
    int64_t ms;

    set(options, "timeout", "300ms");
    pool = open_pool(options);
    for (int i = 0; i < 2; i++) {
        (void)clock_gettime(CLOCK_MONOTONIC, &before);
        expect_failure(pool, "faults.nap", SOPOOL_ARGS(5000), SOPOOL_E_TIMEOUT);
        (void)clock_gettime(CLOCK_MONOTONIC, &after);
        ms = (after.tv_sec - before.tv_sec) * 1000 +
             (after.tv_nsec - before.tv_nsec) / 1000000;
        ck_assert_int_eq(err.ended_by, SOPOOL_BY_TIMEOUT);
        ck_assert_ptr_nonnull(strstr(err.message, "300 ms"));
        ck_assert_int_ge(ms, 290);
        ck_assert_int_lt(ms, 2500);
    }
    /* Time in the queue does not count: ten naps of half the limit each. */
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "faults.nap", SOPOOL_ARGS(30), &err)),
            30);
    sopool_terminate(pool);
    if (_i < PROCESS_METHODS)
        ck_assert_int_eq(sopool_join(pool, 20000, &err), 0);
    sopool_destroy(pool);
}
END_TEST

START_TEST(the_time_limit_counts_from_the_start_of_a_call)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_stream_options how = {.chunksize = 20};
    sopool_stream *s;
    sopool_pool *pool;
    sopool_item item;
    int got = 0;

    set(options, "timeout", "400ms");
    pool = open_pool(options);
    s = sopool_stream_open(pool, "faults.nap", &how, &err);
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(50), -1, &err), 0);
    sopool_stream_end(s);
    for (; sopool_stream_next(s, &item, -1, &err) == 1; got++)
        ck_assert_ptr_null(item.error);
    ck_assert_int_eq(got, 40);
    sopool_stream_close(s);
    end_pool(pool);
}
END_TEST

START_TEST(a_worker_serves_no_more_than_maxtasksperchild)
{
    static int served[4194304 + 1];
    sopool_options *options = options_of(methods[_i]);
    sopool_stream_options how = {.chunksize = 7};
    sopool_stream *s;
    sopool_pool *pool;
    sopool_stats stats;
    sopool_item item;

    set(options, "maxtasksperchild", "10");
    pool = open_pool(options);
    s = sopool_stream_open(pool, "faults.pid", &how, &err);
    for (int i = 0; i < 300; i++)
        ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(i), -1, &err), 0);
    sopool_stream_end(s);
    memset(served, 0, sizeof(served));
    while (sopool_stream_next(s, &item, -1, &err) == 1) {
        ck_assert_ptr_null(item.error);
        ck_assert_int_le(++served[item_int(&item)], 10);
    }
    sopool_stream_close(s);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_ge(stats.started, 30);
    ck_assert_uint_eq(stats.died, 0);
    end_pool(pool);
}
END_TEST

START_TEST(memory_is_limited)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;

    set(options, "limits.memory", "160M");
    set(options, "limits.open_files", "40");
    pool = open_pool(options);
    expect_failure(pool, "faults.use_memory", SOPOOL_ARGS(500), SOPOOL_E_TASK);
    ck_assert_ptr_nonnull(strstr(err.message, "no memory after"));
    end_pool(pool);
}
END_TEST

START_TEST(processor_time_is_limited_for_each_call)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;

    set(options, "limits.cpu", "1s");
    pool = open_pool(options);
    expect_failure(pool, "faults.die", SOPOOL_ARGS("spin"), SOPOOL_E_DIED);
    ck_assert_int_eq(err.signal, SIGXCPU);
    end_pool(pool);
}
END_TEST

/* ---- beginnings and ends ----------------------------------------------- */

static sopool_options *with_initializer(const char *method, const char *task,
                                        const char *yaml)
{
    sopool_options *options = options_of(method);
    char path[] = "/tmp/sopool-unit-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");

    (void)fprintf(file, "initializer: %s\ninitargs: %s\n", task, yaml);
    (void)fclose(file);
    ck_assert_msg(sopool_options_load(options, path, NULL, NULL, &err) == 0,
                  "%s", err.message);
    (void)unlink(path);
    return options;
}

START_TEST(the_initializer_runs_in_every_worker)
{
    sopool_pool *pool =
        open_pool(with_initializer(methods[_i], "faults.init", "[41]"));

    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(int_of(sopool_apply(pool, "faults.initialized",
                                             SOPOOL_NO_ARGS, &err)),
                         41);
        if (_i < PROCESS_METHODS)
            expect_failure(pool, "faults.die", SOPOOL_ARGS("segv"),
                           SOPOOL_E_DIED);
    }
    end_pool(pool);
}
END_TEST

START_TEST(an_initializer_that_fails_breaks_the_pool)
{
    static const char *const hows[] = {"faults.fail", "faults.die"};
    sopool_pool *pool = open_pool(
        with_initializer(methods[_i % METHODS], hows[_i / METHODS],
                         _i / METHODS == 0 ? "[the disk is full]" : "[segv]"));

    expect_failure(pool, "faults.nap", SOPOOL_ARGS(1), SOPOOL_E_BROKEN);
    ck_assert_ptr_nonnull(strstr(err.message, hows[_i / METHODS]));
    ck_assert_ptr_nonnull(strstr(
        err.message, _i / METHODS == 0 ? "the disk is full" : "SIGSEGV"));
    expect_failure(pool, "faults.nap", SOPOOL_ARGS(1), SOPOOL_E_BROKEN);
    end_pool(pool);
}
END_TEST

START_TEST(wrong_initargs_are_found_before_any_worker)
{
    sopool_options *options =
        with_initializer("forkserver", "faults.init", "[x]");

    ck_assert_ptr_null(sopool_open_options(options, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_CONFIG);
    sopool_options_free(options);
}
END_TEST

/* How many workers have started, and not ended, by what has happened. */
static int left_by_events(sopool_pool *pool)
{
    sopool_worker_event events[64];
    size_t count = sopool_worker_events(pool, events, 64);
    int left = 0;

    for (size_t i = 0; i < count; i++)
        left += (events[i].kind == SOPOOL_WORKER_STARTED) -
                (events[i].kind == SOPOOL_WORKER_ENDED);
    return left;
}

START_TEST(workers_that_never_came_to_be_are_not_counted)
{
    sopool_options *options = options_of("forkserver");
    sopool_pool *pool;
    sopool_stats stats;

    set(options, "plugins.load", "ctor");
    set(options, "processes", "20");
    pool = open_pool(options);
    (void)sopool_worker_events(pool, NULL, 0); /* from now on they are kept */
    expect_failure(pool, "faults.nap", SOPOOL_ARGS(1), SOPOOL_E_PLUGIN);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.started, 0);
    ck_assert_uint_eq(stats.died, 0);
    ck_assert_int_eq(left_by_events(pool), 0);
    ck_assert_uint_eq(sopool_get_workers(pool, NULL, 0), 0);
    end_pool(pool);
}
END_TEST

/* It has a plugin that crashes when it is opened, or hangs. */
static sopool_pool *pool_with_ctor(const char *method)
{
    sopool_options *options = options_of(method);

    set(options, "plugins.load", "ctor");
    return open_pool(options);
}

START_TEST(a_plugin_that_crashes_when_it_is_opened)
{
    sopool_pool *pool = pool_with_ctor(methods[_i]);

    expect_failure(pool, "faults.nap", SOPOOL_ARGS(1), SOPOOL_E_PLUGIN);
    ck_assert_ptr_nonnull(strstr(err.message, "ctor.so"));
    ck_assert_ptr_nonnull(strstr(err.message, "SIGABRT"));
    end_pool(pool);
}
END_TEST

START_TEST(a_plugin_that_crashes_when_the_pool_is_closed_already)
{
    sopool_pool *pool = pool_with_ctor(methods[_i]);
    sopool_result *result;

    result = sopool_apply_async(pool, "faults.nap", SOPOOL_ARGS(1), NULL, &err);
    if (result != NULL) { /* the plugin may have crashed before */
        sopool_close(pool);
        ck_assert_int_eq(sopool_join(pool, 20000, &err), 0);
        ck_assert_ptr_null(sopool_result_get(result, 0, &err));
        sopool_result_free(result);
    }
    ck_assert_int_eq(err.code, SOPOOL_E_PLUGIN);
    end_pool(pool);
}
END_TEST

START_TEST(a_plugin_that_hangs_when_it_is_opened)
{
    sopool_result *result;
    sopool_pool *pool;

    ck_assert_int_eq(setenv("CTOR_HANGS", "1", 1), 0);
    pool = pool_with_ctor(methods[_i]);
    result = sopool_apply_async(pool, "faults.nap", SOPOOL_ARGS(1), NULL, &err);
    ck_assert_ptr_nonnull(result);
    ck_assert_int_eq(sopool_result_wait(result, 100, &err), -1);
    sopool_terminate(pool);
    ck_assert_int_eq(sopool_join(pool, 20000, &err), 0);
    ck_assert_ptr_null(sopool_result_get(result, 0, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
    sopool_result_free(result);
    sopool_destroy(pool);
}
END_TEST

START_TEST(nobody_waits_for_a_plugin_that_is_not_needed)
{
    sopool_pool *pool;

    ck_assert_int_eq(setenv("CTOR_HANGS", "1", 1), 0);
    pool = pool_with_ctor("forkserver");
    (void)usleep(50000);
    sopool_close(pool);
    ck_assert_int_eq(sopool_join(pool, 20000, &err), 0);
    sopool_destroy(pool);
}
END_TEST

START_TEST(a_load_hook_that_fails)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;

    set(options, "plugins.load", "badhook");
    pool = open_pool(options);
    expect_failure(pool, "faults.nap", SOPOOL_ARGS(1), SOPOOL_E_PLUGIN);
    ck_assert_ptr_nonnull(strstr(err.message, "the moon is not full"));
    end_pool(pool);
}
END_TEST

START_TEST(terminate_ends_everything_at_once)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    sopool_stream *s = sopool_stream_open(pool, "faults.nap", NULL, &err);
    sopool_item item;
    int got = 0;

    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(2000), -1, &err), 0);
    sopool_stream_end(s);
    ck_assert_int_eq(sopool_stream_next(s, &item, 100, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    sopool_terminate(pool);
    for (; sopool_stream_next(s, &item, 5000, &err) == 1; got++)
        ck_assert_int_eq(item.error->code, SOPOOL_E_CLOSED);
    ck_assert_int_eq(got, 20);
    sopool_stream_close(s);
    if (_i < PROCESS_METHODS)
        ck_assert_int_eq(sopool_join(pool, 5000, &err), 0);
    expect_failure(pool, "faults.nap", SOPOOL_ARGS(1), SOPOOL_E_CLOSED);
    sopool_destroy(pool);
}
END_TEST

START_TEST(close_finishes_what_was_taken)
{
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    sopool_stream *s = sopool_stream_open(pool, "faults.nap", NULL, &err);
    sopool_item item;
    int got = 0;

    ck_assert_int_eq(sopool_join(pool, 0, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(sopool_stream_send(s, SOPOOL_ARGS(5), -1, &err), 0);
    sopool_stream_end(s);
    sopool_close(pool);
    expect_failure(pool, "faults.nap", SOPOOL_ARGS(1), SOPOOL_E_CLOSED);
    for (; sopool_stream_next(s, &item, 5000, &err) == 1; got++)
        ck_assert_ptr_null(item.error);
    ck_assert_int_eq(got, 20);
    sopool_stream_close(s);
    ck_assert_int_eq(sopool_join(pool, 5000, &err), 0);
    sopool_destroy(pool);
}
END_TEST

START_TEST(a_pool_that_was_never_used_ends)
{
    end_pool(open_pool(options_of(methods[_i])));
    sopool_destroy(open_pool(options_of(methods[_i])));
}
END_TEST

/* A program that is killed leaves nobody behind. */
START_TEST(workers_die_with_their_program)
{
    int pipes[2], pids[2] = {0};
    pid_t program;

    ck_assert_int_eq(pipe(pipes), 0);
    program = fork();
    if (program == 0) {
        sopool_pool *pool = open_pool(options_of(methods[_i]));

        while (sopool_worker_pids(pool, pids, 2) != 2)
            (void)usleep(1000);
        (void)!write(pipes[1], pids, sizeof(pids));
        (void)sopool_apply(pool, "faults.die", SOPOOL_ARGS("hang"), &err);
        _exit(0);
    }
    ck_assert_int_eq(read(pipes[0], pids, sizeof(pids)), sizeof(pids));
    ck_assert(is_alive(pids[0]) && is_alive(pids[1]));
    ck_assert_int_eq(kill(program, SIGKILL), 0);
    (void)waitpid(program, NULL, 0);
    ck_assert(dies_soon(pids[0]));
    ck_assert(dies_soon(pids[1]));
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}
END_TEST

static void on_alarm(int sig)
{
    (void)sig;
}

/* Signals that interrupt system calls, thousands of them in a second. */
START_TEST(interrupted_calls_are_gone_on_with)
{
    const struct itimerval often = {{0, 200}, {0, 200}}, never = {{0}, {0}};
    const struct sigaction action = {.sa_handler = on_alarm}; /* no restart */
    sopool_stream_options how = {.window = 10};
    sopool_pool *pool;

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    pool = open_pool(options_of(methods[_i]));
    for (int64_t i = 0; i < 500; i++)
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "faults.echo", SOPOOL_ARGS(i), &err)), i);
    run_stream(pool, "faults.echo", 5000, &how, false);
    end_pool(pool);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}
END_TEST

START_TEST(no_descriptor_of_the_program_reaches_a_task)
{
    int leak = dup(2); /* not close-on-exec */
    sopool_pool *pool = open_pool(options_of(methods[_i]));
    int64_t open_in_task =
        int_of(sopool_apply(pool, "faults.descriptors", SOPOOL_NO_ARGS, &err));

    /* What sopool needs itself: the files of two plugins, twice; two more; and
     * a sanitizer may look at /proc meanwhile. */
    ck_assert_int_le(open_in_task, sanitized() ? 7 : 6);
    end_pool(pool);
    (void)close(leak);
}
END_TEST

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(pools_leave_no_descriptor_behind)
{
    int before = 0;

    for (int i = 0; i < 4; i++) {
        sopool_pool *pool = open_pool(options_of(methods[_i]));

        sopool_value_free(
            sopool_apply(pool, "faults.big", SOPOOL_ARGS(1000000), &err));
        if (_i < PROCESS_METHODS)
            expect_failure(pool, "faults.die", SOPOOL_ARGS("segv"),
                           SOPOOL_E_DIED);
        end_pool(pool);
        /* The first pool's plugin stays open in the program with threads. */
        if (i == 0)
            before = count_descriptors();
    }
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(threads_of_libraries_are_limited)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_value *value;
    sopool_pool *pool;
    const char *text;
    size_t size;

    set(options, "threads_per_worker", "3");
    pool = open_pool(options);
    value = sopool_apply(pool, "faults.environment",
                         SOPOOL_ARGS("OMP_NUM_THREADS"), &err);
    ck_assert_int_eq(sopool_value_str(value, &text, &size, &err), 0);
    ck_assert_uint_eq(size, 1);
    ck_assert_int_eq(text[0], '3');
    sopool_value_free(value);
    end_pool(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pool");
    TCase *t = add_case(s, "calls");

    tcase_add_loop_test(t, apply_gives_the_result, 0, METHODS);
    tcase_add_loop_test(t, errors_say_what_was_wrong, 0, METHODS);
    tcase_add_loop_test(t, sizes_do_not_matter, 0, METHODS);
    tcase_add_loop_test(t, a_list_grows_as_it_is_written, 0, METHODS);
    t = add_case(s, "streams");
    tcase_add_loop_test(t, a_stream_keeps_the_order, 0, METHODS);
    tcase_add_loop_test(t, inputs_that_fail_keep_their_place, 0, 2);
    tcase_add_test(t, a_full_window_stops_the_sender);
    tcase_add_loop_test(t, a_stream_may_be_closed_at_any_time, 0, METHODS);
    tcase_add_loop_test(t, work_moves_to_who_has_none, 0, METHODS);
    t = add_case(s, "deaths");
    tcase_add_loop_test(t, a_death_fails_its_call_and_says_how, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, only_the_calls_that_die_fail, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, kills_from_outside_lose_nothing, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, retries_are_for_idempotent_tasks_alone, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, a_liar_is_replaced, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_worker_that_closes_everything_is_replaced, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, a_worker_without_its_socket_has_its_time, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, a_child_that_comes_back_is_no_worker, 0,
                        PROCESS_METHODS);
    tcase_add_test(t, a_forkserver_that_is_stopped_goes_on);
    tcase_add_loop_test(t, a_result_does_not_wait_for_the_call_behind_it, 0,
                        METHODS);
    tcase_add_loop_test(t, what_a_task_forks_ends_with_its_worker, 0,
                        PROCESS_METHODS);
    tcase_add_test(t, the_forkserver_may_die);
    t = add_case(s, "limits");
    tcase_add_loop_test(t, a_call_over_its_time_is_ended, 0, METHODS);
    tcase_add_loop_test(t, the_time_limit_counts_from_the_start_of_a_call, 0,
                        METHODS);
    tcase_add_loop_test(t, a_worker_serves_no_more_than_maxtasksperchild, 0,
                        PROCESS_METHODS);
    if (!sanitized())
        tcase_add_loop_test(t, memory_is_limited, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, processor_time_is_limited_for_each_call, 0,
                        PROCESS_METHODS);
    t = add_case(s, "beginnings and ends");
    tcase_add_loop_test(t, the_initializer_runs_in_every_worker, 0, METHODS);
    tcase_add_loop_test(t, an_initializer_that_fails_breaks_the_pool, 0,
                        METHODS + PROCESS_METHODS);
    tcase_add_test(t, wrong_initargs_are_found_before_any_worker);
    tcase_add_test(t, workers_that_never_came_to_be_are_not_counted);
    tcase_add_loop_test(t, a_plugin_that_crashes_when_it_is_opened, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t,
                        a_plugin_that_crashes_when_the_pool_is_closed_already,
                        0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_plugin_that_hangs_when_it_is_opened, 0,
                        PROCESS_METHODS);
    tcase_add_test(t, nobody_waits_for_a_plugin_that_is_not_needed);
    tcase_add_loop_test(t, a_load_hook_that_fails, 0, METHODS);
    tcase_add_loop_test(t, terminate_ends_everything_at_once, 0, METHODS);
    tcase_add_loop_test(t, close_finishes_what_was_taken, 0, METHODS);
    tcase_add_loop_test(t, a_pool_that_was_never_used_ends, 0, METHODS);
    tcase_add_loop_test(t, workers_die_with_their_program, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, interrupted_calls_are_gone_on_with, 0, METHODS);
    tcase_add_loop_test(t, no_descriptor_of_the_program_reaches_a_task, 0,
                        PROGRAM_METHODS);
    tcase_add_loop_test(t, pools_leave_no_descriptor_behind, 0, METHODS);
    tcase_add_loop_test(t, threads_of_libraries_are_limited, 0,
                        PROGRAM_METHODS);
    return unit_run(s);
}
