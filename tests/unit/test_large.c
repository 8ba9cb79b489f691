/* test_large.c - large arguments and results of blocking calls, which travel in
 * memory that is used again. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "pools.h"
#include "unit.h"

enum { MIB = 1 << 20 };

static atomic_bool slow;

/* Takes the place of the C library's: whoever reads messages is late once. */
ssize_t recvmsg(int sock, struct msghdr *msg, int flags)
{
    if (atomic_exchange(&slow, false))
        rest(500);
    return syscall(SYS_recvmsg, sock, msg, flags);
}

static sopool_value *call(sopool_pool *pool, const char *task, const char *data,
                          size_t size)
{
    sopool_error why;
    sopool_value *value = sopool_apply(
        pool, task, SOPOOL_ARGS(sopool_arg_bytes(data, size)), &why);

    ck_assert_msg(value != NULL, "%s", why.message);
    return value;
}

static void expect_bytes(const sopool_value *value, const char *data,
                         size_t size)
{
    const void *got;
    size_t got_size;

    ck_assert_int_eq(sopool_value_bytes(value, &got, &got_size, NULL), 0);
    ck_assert_uint_eq(got_size, size);
    ck_assert(memcmp(got, data, size) == 0);
}

static char *filled(char with, size_t size)
{
    char *data = malloc(size);

    ck_assert_ptr_nonnull(data);
    memset(data, with, size);
    return data;
}

static void expect_copy(sopool_pool *pool, char with, size_t size)
{
    char *data = filled(with, size);
    sopool_value *value = call(pool, "faults.copy", data, size);

    expect_bytes(value, data, size);
    sopool_value_free(value);
    free(data);
}

START_TEST(any_size_goes_there_and_back)
{
    static const size_t sizes[] = {
        1,        60000,   65527,   65528, 65536,        100000,
        MIB - 20, MIB,     3 * MIB, 70000, 5 * MIB + 17, 10,
        4 * MIB,  2 * MIB, 8 * MIB, 65537, 8 * MIB - 9};
    sopool_pool *pool = pool_of(methods[_i]);

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        expect_copy(pool, (char)('a' + i), sizes[i]);
    end_pool(pool);
}
END_TEST

START_TEST(results_may_be_larger_or_smaller_than_arguments)
{
    sopool_pool *pool = pool_of(methods[_i]);
    char *data = filled('x', 2 * MIB);

    for (int round = 0; round < 3; round++) {
        sopool_value *value = call(pool, "faults.size", data, 2 * MIB);
        uint64_t size;

        ck_assert_int_eq(sopool_value_u64(value, &size, NULL), 0);
        ck_assert_uint_eq(size, 2 * MIB);
        sopool_value_free(value);
        value = sopool_apply(pool, "faults.big", SOPOOL_ARGS(3 * MIB), &err);
        ck_assert_msg(value != NULL, "%s", err.message);
        sopool_value_free(value);
    }
    free(data);
    end_pool(pool);
}
END_TEST

/* What was got is not changed by what a worker does to memory that it was given
 * before. */
START_TEST(a_value_stays_what_it_was)
{
    char *first = filled('a', 2 * MIB), *second = filled('b', 2 * MIB);
    sopool_value *one, *two;
    sopool_pool *pool = one_worker(methods[_i]);

    expect_copy(pool, 'c', 2 * MIB); /* now the worker is there */
    expect_copy(pool, 'c', 2 * MIB); /* and has its memory */
    one = call(pool, "faults.betray", first, 2 * MIB);
    two = call(pool, "faults.betray", second, 2 * MIB);
    expect_bytes(one, first, 2 * MIB);
    expect_bytes(two, second, 2 * MIB);
    sopool_value_free(one);
    sopool_value_free(two);
    free(first);
    free(second);
    end_pool(pool);
}
END_TEST

START_TEST(a_crash_with_large_arguments_is_one_calls_failure)
{
    sopool_pool *pool = pool_of(methods[_i]);
    char *data = filled('x', MIB);

    for (int round = 0; round < 5; round++) {
        expect_failure(pool, "faults.die_with",
                       SOPOOL_ARGS(sopool_arg_bytes(data, MIB)), SOPOOL_E_DIED);
        ck_assert_int_eq(err.signal, SIGSEGV);
        expect_copy(pool, 'y', 2 * MIB);
    }
    free(data);
    end_pool(pool);
}
END_TEST

START_TEST(arguments_that_do_not_fit_the_task_are_refused)
{
    sopool_pool *pool = pool_of(methods[_i]);
    char *data = filled('\xff', MIB);

    expect_failure(pool, "faults.fail",
                   SOPOOL_ARGS(sopool_arg_bytes(data, MIB)), SOPOOL_E_ARGS);
    expect_failure(pool, "faults.fail", SOPOOL_ARGS(sopool_arg_text(data, MIB)),
                   SOPOOL_E_ARGS);
    expect_copy(pool, 'z', MIB);
    free(data);
    end_pool(pool);
}
END_TEST

/* Calls that give bytes which are all the number of the call, sent together. */
static void expect_filled(sopool_pool *pool)
{
    enum { CALLS = 200, SIZE = 70000 };
    const sopool_call_options how = {.chunksize = CALLS};
    static sopool_arg args[CALLS][2];
    static sopool_args calls[CALLS];
    sopool_result *result;

    for (size_t i = 0; i < CALLS; i++) {
        args[i][0] = sopool_arg_u64(SIZE);
        args[i][1] = sopool_arg_u64(i);
        calls[i] = (sopool_args){args[i], 2, NULL, 0};
    }
    result = sopool_starmap(pool, "faults.filled", calls, CALLS, &how, &err);
    MUST(result != NULL);
    for (size_t i = 0; i < CALLS; i++) {
        sopool_value *value = sopool_result_value(result, i, &err);
        char *data = filled((char)i, SIZE);

        ck_assert_msg(value != NULL, "%zu: %s", i, err.message);
        expect_bytes(value, data, SIZE);
        sopool_value_free(value);
        free(data);
    }
    sopool_result_free(result);
}

/* More files than are kept stand between the worker and the pool. */
START_TEST(files_are_not_mixed_up)
{
    sopool_pool *pool = one_worker(methods[_i]);

    expect_copy(pool, 'a', 10); /* now the worker is there */
    rest(10);
    atomic_store(&slow, true);
    expect_filled(pool);
    end_pool(pool);
}
END_TEST

static void cancel_some(sopool_pool *pool, sopool_arg arg)
{
    for (int i = 0; i < 60; i++) {
        sopool_result *result = sopool_apply_async(
            pool, "faults.size", SOPOOL_ARGS(arg), NULL, &err);

        MUST(result != NULL);
        ck_assert(sopool_result_cancel(result));
        sopool_result_free(result);
    }
}

/* A call that is taken back leaves its file in the worker's socket, which holds
 * some hundred: the worker is to make room for what comes after. */
START_TEST(calls_that_are_taken_back_do_not_stand_in_the_way)
{
    enum { SIZE = 70000 };
    sopool_pool *pool = one_worker(methods[_i]);
    char *data = filled('x', SIZE);
    sopool_arg arg = sopool_arg_bytes(data, SIZE);
    sopool_result *result;
    int64_t size;
    int pid;

    expect_copy(pool, 'a', 10);
    UNTIL(sopool_worker_pids(pool, &pid, 1) == 1);
    for (int round = 0; round < 10; round++) {
        ck_assert_int_eq(kill(pid, SIGSTOP), 0);
        cancel_some(pool, arg);
        ck_assert_int_eq(kill(pid, SIGCONT), 0);
        expect_copy(pool, 'a', 10); /* it has passed over them */
    }
    result =
        sopool_apply_async(pool, "faults.size", SOPOOL_ARGS(arg), NULL, &err);
    MUST(result != NULL);
    MUST(sopool_result_wait(result, 20000, &err) == 0);
    MUST(sopool_result_i64(result, 0, &size, &err) == 0);
    ck_assert_int_eq(size, SIZE);
    sopool_result_free(result);
    free(data);
    end_pool(pool);
}
END_TEST

static atomic_bool enough;

/* Keeps the pool's thread from sleeping. */
static void *call_often(void *arg)
{
    while (!atomic_load(&enough)) {
        sopool_result *result = sopool_apply_async(
            arg, "faults.nap", SOPOOL_ARGS(sopool_arg_u64(0)), NULL, NULL);

        if (result != NULL)
            (void)sopool_result_wait(result, -1, NULL);
        sopool_result_free(result);
    }
    return NULL;
}

START_TEST(a_file_on_disk_is_no_result)
{
    sopool_pool *pool = one_worker(methods[_i]);

    expect_failure(pool, "faults.swap_file", SOPOOL_ARGS(200000),
                   SOPOOL_E_PROTOCOL);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "faults.nap", SOPOOL_ARGS(1), &err)), 1);
    end_pool(pool);
}
END_TEST

START_TEST(without_descriptors_there_are_no_large_arguments)
{
    const size_t size = 200000;
    sopool_pool *pool = one_worker(methods[_i]);
    char *data = filled('x', size);

    for (int i = 0; i < 3; i++) {
        sopool_result *result;
        sopool_value *value;

        sopool_value_free(sopool_apply(pool, "faults.take_descriptors",
                                       SOPOOL_NO_ARGS, &err));
        MUST(result = sopool_apply_async(
                 pool, "faults.size", SOPOOL_ARGS(sopool_arg_bytes(data, size)),
                 NULL, &err));
        value = sopool_result_get(result, 20000, &err);
        if (value == NULL)
            ck_assert_int_eq(err.code, SOPOOL_E_NOMEM);
        sopool_value_free(value);
        sopool_result_free(result);
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "faults.nap", SOPOOL_ARGS(1), &err)), 1);
    }
    free(data);
    end_pool(pool);
}
END_TEST

static void expect_lies(sopool_pool *pool)
{
    enum { CALLS = 12, SIZE = 70000 };
    sopool_result *results[CALLS];

    for (uint64_t i = 0; i < CALLS; i++) {
        results[i] = sopool_apply_async(
            pool, "faults.lie",
            SOPOOL_ARGS(sopool_arg_u64(SIZE), sopool_arg_u64(i)), NULL, &err);
        MUST(results[i] != NULL);
    }
    for (int i = 0; i < CALLS; i++) {
        sopool_value *value = sopool_result_get(results[i], 20000, &err);
        char *data = filled((char)i, SIZE);

        ck_assert_msg(value != NULL, "%d: %s", i, err.message);
        expect_bytes(value, data, SIZE);
        sopool_value_free(value);
        sopool_result_free(results[i]);
        free(data);
    }
}

/* The pool hears of it while it looks for the file of a result, or before. */
START_TEST(a_worker_may_leave_before_its_result)
{
    sopool_pool *pool = pool_of(methods[_i]);
    pthread_t thread;

    atomic_store(&enough, false);
    ck_assert_int_eq(pthread_create(&thread, NULL, call_often, pool), 0);
    for (int round = 0; round < 30; round++)
        expect_lies(pool);
    atomic_store(&enough, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    end_pool(pool);
}
END_TEST

static void *copy_often(void *arg)
{
    for (int i = 0; i < 20; i++)
        expect_copy(arg, (char)('a' + i), (size_t)(i % 4 + 1) * 300000);
    return NULL;
}

/* More threads than workers: some calls find one idle, others queue. */
START_TEST(threads_share_the_workers)
{
    sopool_options *options = options_of(methods[_i]);
    pthread_t threads[4];
    sopool_pool *pool;

    set(options, "maxtasksperchild", "7");
    pool = open_pool(options);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, copy_often, pool),
                         0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    end_pool(pool);
}
END_TEST

static void *terminate_soon(void *arg)
{
    rest(30);
    sopool_terminate(arg);
    return NULL;
}

START_TEST(the_pool_may_end_meanwhile)
{
    sopool_pool *pool = pool_of(methods[_i]);
    char *data = filled('x', MIB);
    sopool_value *value;
    pthread_t thread;
    int done = 0;

    ck_assert_int_eq(pthread_create(&thread, NULL, terminate_soon, pool), 0);
    while ((value = sopool_apply(pool, "faults.copy",
                                 SOPOOL_ARGS(sopool_arg_bytes(data, MIB)),
                                 &err)) != NULL) {
        sopool_value_free(value);
        done++;
    }
    ck_assert_msg(err.code == SOPOOL_E_CLOSED, "after %d: %s", done,
                  err.message);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(sopool_join(pool, 20000, &err), 0);
    sopool_destroy(pool);
    free(data);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("large");
    TCase *t = tcase_create("large");

    tcase_set_timeout(t, 240);
    tcase_add_loop_test(t, any_size_goes_there_and_back, 0, METHODS);
    tcase_add_loop_test(t, results_may_be_larger_or_smaller_than_arguments, 0,
                        METHODS);
    tcase_add_loop_test(t, a_value_stays_what_it_was, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_crash_with_large_arguments_is_one_calls_failure, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, arguments_that_do_not_fit_the_task_are_refused, 0,
                        METHODS);
    tcase_add_loop_test(t, files_are_not_mixed_up, 0, METHODS);
    tcase_add_loop_test(t, calls_that_are_taken_back_do_not_stand_in_the_way, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, a_file_on_disk_is_no_result, 0, PROCESS_METHODS);
    if (!sanitized()) /* which looks for leaks by descriptors */
        tcase_add_loop_test(t, without_descriptors_there_are_no_large_arguments,
                            0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_worker_may_leave_before_its_result, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, threads_share_the_workers, 0, METHODS);
    tcase_add_loop_test(t, the_pool_may_end_meanwhile, 0, METHODS);
    suite_add_tcase(s, t);
    return unit_run(s);
}
