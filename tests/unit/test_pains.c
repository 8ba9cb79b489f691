/* test_pains.c - what hurts the users of other pools: a test for each row of
 * the list that this project keeps itself to, by its number. Each would fail
 * if this pool had the same fault. Two more, 24 and 25, need a compiler and
 * stand in tests/cli/pains.bats, and so does 15. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <sopool/task.h>

#include "pools.h"
#include "unit.h"

static sopool_stats stats_of(sopool_pool *pool)
{
    sopool_stats stats;

    (void)sopool_get_stats(pool, &stats, NULL, 0);
    return stats;
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

static void expect_echo(sopool_pool *pool, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "faults.echo", SOPOOL_ARGS(i), &err)), i);
}

static sopool_result *submit(sopool_pool *pool, const char *task,
                             sopool_args args)
{
    sopool_result *result = sopool_apply_async(pool, task, args, NULL, &err);

    MUST(result != NULL);
    return result;
}

START_TEST(pain_1_a_worker_is_killed_and_get_waits_for_ever)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result = submit(pool, "faults.die", SOPOOL_ARGS("kill"));

    ck_assert_ptr_null(sopool_result_get(result, 20000, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_DIED);
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

/* Are there two workers, and is this one of them no more? */
static bool two_without(sopool_pool *pool, int killed, int pids[2])
{
    return sopool_worker_pids(pool, pids, 2) == 2 && pids[0] != killed &&
           pids[1] != killed;
}

START_TEST(pain_2_stuck_after_a_kill_with_no_task_running)
{
    sopool_pool *pool = pool_of(methods[_i]);
    int killed = 0;
    int pids[2];

    for (int round = 0; round < 10; round++) {
        UNTIL(two_without(pool, killed, pids));
        killed = pids[round % 2];
        ck_assert_int_eq(kill(killed, SIGKILL), 0);
        expect_echo(pool, 20);
    }
    end_pool(pool);
}
END_TEST

START_TEST(pain_3_one_crash_ends_the_service)
{
    sopool_pool *pool = pool_of(methods[_i]);

    for (int round = 0; round < 5; round++) {
        expect_failure(pool, "faults.die", SOPOOL_ARGS("segv"), SOPOOL_E_DIED);
        expect_echo(pool, 20);
    }
    ck_assert_uint_eq(stats_of(pool).failed, 5);
    end_pool(pool);
}
END_TEST

START_TEST(pain_4_an_error_does_not_say_who_what_and_why)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_call_options how = {.timeout_ms = 50};

    expect_failure(pool, "faults.die", SOPOOL_ARGS("abort"), SOPOOL_E_DIED);
    ck_assert_str_eq(err.task, "faults.die");
    ck_assert_int_gt(err.pid, 0);
    ck_assert_int_eq(err.signal, SIGABRT);
    ck_assert_int_eq(err.ended_by, SOPOOL_BY_ITSELF);
    expect_failure(pool, "faults.die", SOPOOL_ARGS("exit"), SOPOOL_E_DIED);
    ck_assert_int_eq(err.exit_status, 3);
    ck_assert_int_eq(err.ended_by, SOPOOL_BY_ITSELF);
    expect_failure(pool, "faults.die", SOPOOL_ARGS("kill"), SOPOOL_E_DIED);
    ck_assert_int_eq(err.ended_by, SOPOOL_BY_OUTSIDE);
    ck_assert_ptr_null(
        sopool_apply_with(pool, "faults.die", SOPOOL_ARGS("hang"), &how, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    ck_assert_int_eq(err.ended_by, SOPOOL_BY_TIMEOUT);
    ck_assert_int_gt(err.pid, 0);
    end_pool(pool);
}
END_TEST

/* Retries are counted for each call, 0 of them means none, and others go on. */
START_TEST(pain_5_a_poison_task_kills_workers_for_ever)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_call_options how = {.retries = 3};
    sopool_pool *pool;

    set(options, "chaos", "kill=1/1");
    pool = open_pool(options);
    ck_assert_ptr_null(
        sopool_apply_with(pool, "faults.echo", SOPOOL_ARGS(1), &how, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_DIED);
    ck_assert_uint_eq(stats_of(pool).retried, 3);
    expect_failure(pool, "faults.echo", SOPOOL_ARGS(1), SOPOOL_E_DIED);
    ck_assert_uint_eq(stats_of(pool).retried, 3);
    ck_assert_uint_eq(stats_of(pool).died, 5);
    end_pool(pool);
}
END_TEST

START_TEST(pain_5_poison_among_others_stops_nobody)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_arg numbers[400];
    sopool_result *result;

    for (int64_t i = 0; i < 400; i++) /* each tenth kills its worker */
        numbers[i] = sopool_arg_i64(i % 10 == 0 ? 2 * i + 1 : 2 * i);
    result = sopool_map(pool, "faults.die_odd", numbers, 400, NULL, &err);
    MUST(result != NULL);
    for (size_t i = 0; i < 400; i++) {
        sopool_value *value = sopool_result_value(result, i, &err);

        ck_assert_msg((value == NULL) == (i % 10 == 0), "%zu: %s", i,
                      err.message);
        sopool_value_free(value);
    }
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

START_TEST(pain_6_a_failing_initializer_is_started_for_ever)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;

    set(options, "initializer", "behave.fails_unless");
    (void)setenv("BEHAVE_FILE", "/nowhere/at/all", 1);
    pool = open_pool(options);
    expect_failure(pool, "faults.echo", SOPOOL_ARGS(1), SOPOOL_E_BROKEN);
    ck_assert_ptr_nonnull(strstr(err.message, "behave.fails_unless failed"));
    ck_assert_uint_le(stats_of(pool).started, 2);
    sopool_destroy(pool);
}
END_TEST

/* Nor at full speed, if it may be better later: with longer and longer waits,
 * which can be seen. */
START_TEST(pain_6_starts_that_fail_are_tried_at_full_speed)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_result *result;
    sopool_pool *pool;

    set(options, "chaos", "init-fail=1/1");
    set(options, "processes", "1");
    pool = open_pool(options);
    result = submit(pool, "faults.echo", SOPOOL_ARGS(1));
    UNTIL(stats_of(pool).start_failures >= 2 && stats_of(pool).backoff_ms > 0);
    ck_assert_ptr_null(sopool_result_get(result, 20000, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_BROKEN);
    ck_assert_uint_eq(stats_of(pool).started, 5);
    sopool_result_free(result);
    sopool_destroy(pool);
}
END_TEST

START_TEST(pain_7_recycling_strands_queued_tasks)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;

    set(options, "maxtasksperchild", "1");
    pool = open_pool(options);
    expect_echo(pool, 40);
    ck_assert_uint_ge(stats_of(pool).started, 40);
    end_pool(pool);
}
END_TEST

START_TEST(pain_8_maxtasksperchild_counts_chunks_and_takes_0)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_call_options how = {.chunksize = 50};
    sopool_arg numbers[100];
    sopool_result *result;
    sopool_pool *pool;

    ck_assert_int_eq(sopool_options_set(options, "maxtasksperchild", "0", &err),
                     -1);
    ck_assert_int_eq(err.code, SOPOOL_E_CONFIG);
    set(options, "maxtasksperchild", "10");
    set(options, "processes", "1");
    pool = open_pool(options);
    for (int64_t i = 0; i < 100; i++)
        numbers[i] = sopool_arg_i64(i);
    result = sopool_map(pool, "faults.echo", numbers, 100, &how, &err);
    MUST(result != NULL);
    ck_assert(sopool_result_successful(result));
    sopool_result_free(result);
    ck_assert_uint_ge(stats_of(pool).started, 10);
    end_pool(pool);
}
END_TEST

/* How many calls the worker of the first id in `pids` served; forgets them. */
static size_t count_first(int64_t *pids, size_t *left)
{
    int64_t pid = pids[0];
    size_t kept = 0, count = 0;

    for (size_t i = 0; i < *left; i++)
        if (pids[i] == pid)
            count++;
        else
            pids[kept++] = pids[i];
    *left = kept;
    return count;
}

START_TEST(pain_9_all_workers_restart_at_the_same_moment)
{
    enum { CALLS = 1000, MOST = 80 };
    sopool_options *options = options_of(methods[_i]);
    sopool_call_options how = {.chunksize = 1};
    static sopool_arg numbers[CALLS];
    static int64_t pids[CALLS];
    size_t left = CALLS, least = MOST, full = 0;
    sopool_result *result;
    sopool_pool *pool;

    set(options, "maxtasksperchild", "80");
    pool = open_pool(options);
    for (int64_t i = 0; i < CALLS; i++)
        numbers[i] = sopool_arg_i64(i);
    result = sopool_map(pool, "faults.pid", numbers, CALLS, &how, &err);
    MUST(result != NULL);
    for (size_t i = 0; i < CALLS; i++)
        pids[i] = int_of(sopool_result_value(result, i, &err));
    sopool_result_free(result);
    while (left > 0) {
        size_t count = count_first(pids, &left);

        ck_assert_uint_le(count, MOST);
        if (count >= MOST * 7 / 8) { /* one that retired */
            full++;
            least = count < least ? count : least;
        }
    }
    ck_assert_uint_gt(full, 5);
    ck_assert_uint_lt(least, MOST);
    end_pool(pool);
}
END_TEST

static void end_my_thread(sopool_result *result, void *ctx)
{
    (void)result;
    (void)ctx;
    pthread_exit(NULL);
}

static void join_here(sopool_result *result, void *ctx)
{
    sopool_pool *pool = ctx;
    sopool_error why = {0};

    (void)result;
    sopool_close(pool);
    ck_assert_int_eq(sopool_join(pool, -1, &why), -1);
    ck_assert_int_eq(why.code, SOPOOL_E_DEADLOCK);
}

START_TEST(pain_10_a_callback_that_fails_hangs_the_pool)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_call_options fails = {.callback = end_my_thread};
    sopool_call_options joins = {.callback = join_here, .ctx = pool};
    sopool_result *result;

    for (int64_t i = 0; i < 10; i++) {
        result = sopool_apply_async(pool, "faults.echo", SOPOOL_ARGS(i), &fails,
                                    &err);
        MUST(result != NULL);
        ck_assert_int_eq(int_of(sopool_result_get(result, 20000, &err)), i);
        sopool_result_free(result);
    }
    result =
        sopool_apply_async(pool, "faults.echo", SOPOOL_ARGS(1), &joins, &err);
    MUST(result != NULL);
    sopool_result_free(result);
    ck_assert_msg(sopool_join(pool, 20000, &err) == 0 ||
                      err.code == SOPOOL_E_USAGE,
                  "%s", err.message);
    UNTIL(sopool_join(pool, 20000, &err) == 0);
    sopool_destroy(pool);
}
END_TEST

START_TEST(pain_11_terminate_hangs_and_so_does_a_forgotten_pool)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result[4];
    pid_t child;
    int status;

    for (size_t i = 0; i < 4; i++)
        result[i] = submit(pool, "faults.nap", SOPOOL_ARGS(3000));
    sopool_terminate(pool);
    MUST(sopool_join(pool, 20000, &err) == 0);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_ptr_null(sopool_result_get(result[i], 0, &err));
        ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
        sopool_result_free(result[i]);
    }
    sopool_destroy(pool);
    child = fork();
    if (child == 0) { /* a program that forgets its pool, and its calls */
        pool = pool_of(methods[_i]);
        (void)submit(pool, "faults.nap", SOPOOL_ARGS(600000));
        _exit(7);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}
END_TEST

START_TEST(pain_12_a_large_payload_and_a_dead_reader_deadlock)
{
    sopool_pool *pool = pool_of(methods[_i]);
    const size_t size = 8 << 20;
    char *large = malloc(size);
    int pids[2];

    ck_assert_ptr_nonnull(large);
    memset(large, 'x', size);
    for (int round = 0; round < 5; round++) {
        sopool_result *result = submit(
            pool, "faults.size", SOPOOL_ARGS(sopool_arg_bytes(large, size)));
        sopool_value *value;

        for (size_t i = 0; i < sopool_worker_pids(pool, pids, 2); i++)
            (void)kill(pids[i], SIGKILL);
        value = sopool_result_get(result, 20000, &err);
        ck_assert_msg(value != NULL || err.code == SOPOOL_E_DIED, "%s",
                      err.message);
        sopool_value_free(value);
        sopool_result_free(result);
    }
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "faults.size",
                            SOPOOL_ARGS(sopool_arg_bytes(large, size)), &err)),
        (int64_t)size);
    free(large);
    end_pool(pool);
}
END_TEST

/* An input without end. */
static int count_up(void *ctx, sopool_args *args, sopool_error *why)
{
    static sopool_arg arg;
    int64_t *count = ctx;

    (void)why;
    arg = sopool_arg_i64((*count)++);
    *args = (sopool_args){&arg, 1, NULL, 0};
    return 1;
}

START_TEST(pain_13_imap_reads_the_whole_input)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_stream_options how = {.window = 100};
    int64_t pulled = 0;
    sopool_iterator *iterator =
        sopool_imap(pool, "faults.echo", count_up, &pulled, &how, &err);
    sopool_item item;

    MUST(iterator != NULL);
    for (int64_t i = 0; i < 1000; i++) {
        ck_assert_int_eq(sopool_imap_next(iterator, &item, 20000, &err), 1);
        ck_assert_int_le(pulled, i + 201); /* half of it are done */
    }
    sopool_imap_close(iterator);
    end_pool(pool);
}
END_TEST

START_TEST(pain_14_a_bad_result_hangs_the_pool)
{
    sopool_pool *pool = pool_of(methods[_i]);

    expect_failure(pool, "faults.not_text", SOPOOL_NO_ARGS, SOPOOL_E_RESULT);
    expect_failure(pool, "faults.no_value", SOPOOL_NO_ARGS, SOPOOL_E_RESULT);
    expect_echo(pool, 20);
    end_pool(pool);
}
END_TEST

START_TEST(pain_15_ctrl_c_reaches_the_workers)
{
    sopool_pool *pool = pool_of(methods[_i]);
    int pids[2];

    UNTIL(sopool_worker_pids(pool, pids, 2) == 2);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(getpgid(pids[i]), pids[i]);
    end_pool(pool);
}
END_TEST

START_TEST(pain_16_orphans_after_the_program_is_killed)
{
    int pipes[2], pids[2];
    pid_t program;

    ck_assert_int_eq(pipe(pipes), 0);
    program = fork();
    if (program == 0) {
        sopool_pool *pool = pool_of(methods[_i]);

        UNTIL(sopool_worker_pids(pool, pids, 2) == 2);
        (void)submit(pool, "faults.nap", SOPOOL_ARGS(600000));
        (void)!write(pipes[1], pids, sizeof(pids));
        for (;;)
            (void)pause();
    }
    ck_assert_int_eq(read(pipes[0], pids, sizeof(pids)), sizeof(pids));
    ck_assert_int_eq(kill(program, SIGKILL), 0);
    (void)waitpid(program, NULL, 0);
    UNTIL(is_gone(pids[0]) && is_gone(pids[1]));
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}
END_TEST

static atomic_bool busy;

static void *allocate(void *arg)
{
    while (busy)
        free(
            malloc((size_t)rand() % 5000 + 1)); /* NOLINT: any number will do */
    return arg;
}

/* By default nothing is forked from a program with threads. */
START_TEST(pain_17_fork_in_a_program_with_threads_hangs)
{
    sopool_options *fresh = sopool_options_new();
    pthread_t thread[3];

    ck_assert_ptr_nonnull(fresh);
    sopool_options_free(fresh);
    busy = true;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, allocate, NULL), 0);
    for (int round = 0; round < 5; round++) {
        sopool_pool *pool = pool_of(methods[_i]);

        expect_echo(pool, 5);
        end_pool(pool);
    }
    busy = false;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
}
END_TEST

START_TEST(pain_18_a_timeout_does_not_stop_the_work)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_call_options how = {.timeout_ms = 100};

    ck_assert_ptr_null(
        sopool_apply_with(pool, "faults.die", SOPOOL_ARGS("spin"), &how, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    UNTIL(is_gone(err.pid));
    end_pool(pool);
}
END_TEST

START_TEST(pain_19_cancelling_a_queued_task_kills_a_worker_or_it_runs)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_result *running, *queued;
    sopool_pool *pool;
    int before, after;
    gate path;

    set(options, "processes", "1");
    pool = open_pool(options);
    UNTIL(sopool_worker_pids(pool, &before, 1) == 1);
    running = submit(pool, "faults.nap", SOPOOL_ARGS(300));
    queued =
        submit(pool, "faults.record", SOPOOL_ARGS(gate_new(path), UINT64_C(1)));
    ck_assert(sopool_result_cancel(queued));
    ck_assert_int_eq(int_of(sopool_result_get(running, 20000, &err)), 300);
    expect_echo(pool, 5);
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert_uint_eq(sopool_worker_pids(pool, &after, 1), 1);
    ck_assert_int_eq(before, after);
    sopool_result_free(running);
    sopool_result_free(queued);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

START_TEST(pain_20_short_tasks_wait_behind_a_long_one)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result, *longer;
    sopool_arg numbers[500];
    gate path;

    gate_new(path);
    longer = submit(pool, "behave.wait", SOPOOL_ARGS(path, 1));
    for (int64_t i = 0; i < 500; i++)
        numbers[i] = sopool_arg_i64(i);
    result = sopool_map(pool, "faults.echo", numbers, 500, NULL, &err);
    MUST(result != NULL); /* all are done, the long one is not */
    ck_assert(sopool_result_successful(result));
    ck_assert(!sopool_result_done(longer));
    gate_open(path);
    ck_assert_int_eq(int_of(sopool_result_get(longer, 20000, &err)), 1);
    gate_remove(path);
    sopool_result_free(result);
    sopool_result_free(longer);
    end_pool(pool);
}
END_TEST

/* While it runs, and told apart from a worker that was replaced. */
START_TEST(pain_21_a_memory_limit_acts_after_the_damage)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;

    set(options, "limits.memory", "160M");
    pool = open_pool(options);
    expect_failure(pool, "faults.use_memory", SOPOOL_ARGS(UINT64_C(4000)),
                   SOPOOL_E_TASK);
    ck_assert_ptr_nonnull(strstr(err.message, "no memory after"));
    ck_assert_uint_eq(stats_of(pool).retired, 0);
    expect_echo(pool, 5);
    end_pool(pool);
}
END_TEST

/* In memory that a worker shares, which may be forked before it is set. */
static sopool_pool **own_pool;

SOPOOL_TASK(calls_itself, i64, "Waits for a call to its own pool.")
{
    sopool_error why = {0};
    sopool_value *value =
        sopool_apply(*own_pool, "faults.echo", SOPOOL_ARGS(1), &why);

    sopool_value_free(value);
    *out = why.code;
    return SOPOOL_OK;
}

START_TEST(pain_22_a_task_that_waits_for_its_own_pool_deadlocks)
{
    static const char *const own_methods[] = {"fork", "thread"};
    static const int codes[] = {SOPOOL_E_FORKED, SOPOOL_E_DEADLOCK};
    sopool_options *options = options_of(own_methods[_i]);

    set(options, "start_method", own_methods[_i]);
    set(options, "processes", "1");
    MUST(sopool_register(options, "own", SOPOOL_TASK_OF(calls_itself), &err) ==
         0);
    own_pool = mmap(NULL, sizeof(*own_pool), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(own_pool, MAP_FAILED);
    *own_pool = open_pool(options);
    ck_assert_int_eq(int_of(sopool_apply(*own_pool, "own.calls_itself",
                                         SOPOOL_NO_ARGS, &err)),
                     codes[_i]);
    end_pool(*own_pool);
}
END_TEST

START_TEST(pain_23_workers_times_threads_and_a_wrong_number_of_processors)
{
    sopool_options *options = options_of(methods[_i]);
    cpu_set_t before, one;
    sopool_value *value;
    const char *text;
    sopool_pool *pool;
    size_t size;
    size_t cpu = 0;

    ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
    while (!CPU_ISSET(cpu, &before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    set(options, "processes", "auto");
    set(options, "threads_per_worker", "1");
    pool = open_pool(options);
    ck_assert_uint_eq(stats_of(pool).processes, 1);
    if (_i < PROGRAM_METHODS) { /* others have the program's environment */
        value = sopool_apply(pool, "faults.environment",
                             SOPOOL_ARGS("OMP_NUM_THREADS"), &err);
        MUST(value != NULL);
        ck_assert_int_eq(sopool_value_str(value, &text, &size, NULL), 0);
        ck_assert(size == 1 && text[0] == '1');
        sopool_value_free(value);
    }
    end_pool(pool);
    ck_assert_int_eq(sched_setaffinity(0, sizeof(before), &before), 0);
}
END_TEST

static void add_deaths(Suite *s)
{
    TCase *t = add_case(s, "deaths");
    const int some = PROCESS_METHODS;

    tcase_add_loop_test(t, pain_1_a_worker_is_killed_and_get_waits_for_ever, 0,
                        some);
    tcase_add_loop_test(t, pain_2_stuck_after_a_kill_with_no_task_running, 0,
                        some);
    tcase_add_loop_test(t, pain_3_one_crash_ends_the_service, 0, some);
    tcase_add_loop_test(t, pain_4_an_error_does_not_say_who_what_and_why, 0,
                        some);
    tcase_add_loop_test(t, pain_5_a_poison_task_kills_workers_for_ever, 0,
                        some);
    tcase_add_loop_test(t, pain_5_poison_among_others_stops_nobody, 0, some);
    tcase_add_loop_test(t, pain_12_a_large_payload_and_a_dead_reader_deadlock,
                        0, some);
    tcase_add_loop_test(t, pain_15_ctrl_c_reaches_the_workers, 0, some);
    tcase_add_loop_test(t, pain_16_orphans_after_the_program_is_killed, 0,
                        some);
    tcase_add_loop_test(t, pain_18_a_timeout_does_not_stop_the_work, 0, some);
    if (!sanitized())
        tcase_add_loop_test(t, pain_21_a_memory_limit_acts_after_the_damage, 0,
                            some);
}

static void add_lives(Suite *s)
{
    TCase *t = add_case(s, "lives");

    tcase_add_loop_test(t, pain_6_a_failing_initializer_is_started_for_ever, 0,
                        METHODS);
    tcase_add_loop_test(t, pain_6_starts_that_fail_are_tried_at_full_speed, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, pain_7_recycling_strands_queued_tasks, 0, METHODS);
    tcase_add_loop_test(t, pain_8_maxtasksperchild_counts_chunks_and_takes_0, 0,
                        METHODS);
    tcase_add_loop_test(t, pain_9_all_workers_restart_at_the_same_moment, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, pain_10_a_callback_that_fails_hangs_the_pool, 0,
                        METHODS);
    tcase_add_loop_test(t, pain_11_terminate_hangs_and_so_does_a_forgotten_pool,
                        0, METHODS);
    tcase_add_loop_test(t, pain_13_imap_reads_the_whole_input, 0, METHODS);
    tcase_add_loop_test(t, pain_14_a_bad_result_hangs_the_pool, 0, METHODS);
    tcase_add_loop_test(t, pain_17_fork_in_a_program_with_threads_hangs, 0, 2);
    tcase_add_loop_test(
        t, pain_19_cancelling_a_queued_task_kills_a_worker_or_it_runs, 0,
        PROCESS_METHODS);
    tcase_add_loop_test(t, pain_20_short_tasks_wait_behind_a_long_one, 0,
                        METHODS);
    if (!sanitized())
        tcase_add_loop_test(
            t, pain_22_a_task_that_waits_for_its_own_pool_deadlocks, 0, 2);
    tcase_add_loop_test(
        t, pain_23_workers_times_threads_and_a_wrong_number_of_processors, 0,
        METHODS);
}

int main(void)
{
    Suite *s = suite_create("pains");

    add_deaths(s);
    add_lives(s);
    return unit_run(s);
}
