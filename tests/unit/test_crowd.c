/* test_crowd.c - pools that have more workers than there are processors. */
#include "pools.h"
#include "unit.h"

#include "pool/cpus.h"

enum { CROWD = 16, SHORT = 4000 };

/* With all workers there. */
static sopool_pool *crowd_of(const char *method)
{
    sopool_options *options = options_of(method);
    sopool_stats stats = {0};
    sopool_pool *pool;

    set(options, "processes", "16");
    pool = open_pool(options);
    while (stats.workers < CROWD) {
        rest(1);
        MUST(sopool_get_stats(pool, &stats, NULL, 0) == 0);
    }
    return pool;
}

/* So many tasks, each of which waits until `meeting` of them run at once. */
static void meet(sopool_pool *pool, int64_t meeting, size_t count)
{
    sopool_args *inputs = calloc(count, sizeof(*inputs));
    sopool_arg(*pairs)[2] = calloc(count, sizeof(*pairs));
    sopool_result *result;
    gate path;

    ck_assert(inputs != NULL && pairs != NULL);
    (void)gate_new(path);
    for (size_t i = 0; i < count; i++) {
        pairs[i][0] = sopool_arg_text(path, strlen(path));
        pairs[i][1] = sopool_arg_i64(meeting);
        inputs[i] = (sopool_args){.items = pairs[i], .count = 2};
    }
    result = sopool_starmap(pool, "faults.meet", inputs, count, NULL, &err);
    MUST(result);
    for (size_t i = 0; i < count; i++) {
        sopool_value *met = sopool_result_value(result, i, &err);
        bool yes = false;

        MUST(met != NULL && sopool_value_bool(met, &yes, &err) == 0);
        ck_assert_msg(yes, "call %zu was alone", i);
        sopool_value_free(met);
    }
    sopool_result_free(result);
    gate_remove(path);
    free(pairs);
    free(inputs);
}

START_TEST(calls_that_wait_are_run_by_all_workers)
{
    sopool_pool *pool = crowd_of(methods[_i]);

    meet(pool, CROWD, CROWD);
    end_pool(pool);
}
END_TEST

/* They are taken for short ones that need a processor. */
START_TEST(calls_that_wait_unexpectedly_are_run_by_all_workers)
{
    sopool_pool *pool = crowd_of(methods[_i]);

    for (int i = 0; i < 3; i++) {
        meet(pool, 1, SHORT);
        meet(pool, CROWD, CROWD);
    }
    end_pool(pool);
}
END_TEST

/* The same, one by one. */
START_TEST(single_calls_that_wait_are_run_by_all_workers)
{
    sopool_pool *pool = crowd_of(methods[_i]);
    sopool_result *result[CROWD];
    gate path;

    meet(pool, 1, SHORT);
    (void)gate_new(path);
    for (int i = 0; i < CROWD; i++)
        MUST(result[i] = sopool_apply_async(
                 pool, "faults.meet",
                 SOPOOL_ARGS((const char *)path, (int64_t)CROWD), NULL, &err));
    for (int i = 0; i < CROWD; i++) {
        sopool_value *met = sopool_result_get(result[i], 20000, &err);
        bool yes = false;

        MUST(met != NULL && sopool_value_bool(met, &yes, &err) == 0);
        ck_assert_msg(yes, "call %d was alone", i);
        sopool_value_free(met);
        sopool_result_free(result[i]);
    }
    gate_remove(path);
    end_pool(pool);
}
END_TEST

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* How many workers have run a map of short calls. */
static uint32_t workers_of_map(sopool_pool *pool)
{
    static sopool_arg inputs[SHORT * 10];
    static int64_t pids[SHORT * 10];
    const size_t count = sizeof(pids) / sizeof(pids[0]);
    sopool_result *result;
    uint32_t workers = 1;

    for (size_t i = 0; i < count; i++)
        inputs[i] = sopool_arg_i64(1);
    result = sopool_map(pool, "faults.pid", inputs, count, NULL, &err);
    MUST(result);
    for (size_t i = 0; i < count; i++)
        pids[i] = int_of(sopool_result_value(result, i, &err));
    sopool_result_free(result);
    qsort(pids, count, sizeof(pids[0]), compare);
    for (size_t i = 1; i < count; i++)
        workers += pids[i] != pids[i - 1];
    return workers;
}

/* Once it is known that they are short. When the machine is busy with other
 * things, some may look as if they waited. */
START_TEST(short_calls_wake_no_more_workers_than_processors)
{
    sopool_pool *pool = crowd_of(methods[_i]);
    uint32_t cpus = cpus_available();
    uint32_t workers = CROWD;

    for (int i = 0; i < 50 && workers > cpus; i++)
        workers = workers_of_map(pool);
    ck_assert_msg(workers <= cpus, "%u workers on %u processors", workers,
                  cpus);
    end_pool(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("crowd");
    TCase *t = tcase_create("crowd");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, calls_that_wait_are_run_by_all_workers, 0, METHODS);
    tcase_add_loop_test(t, calls_that_wait_unexpectedly_are_run_by_all_workers,
                        0, METHODS);
    tcase_add_loop_test(t, single_calls_that_wait_are_run_by_all_workers, 0,
                        METHODS);
    tcase_add_loop_test(t, short_calls_wake_no_more_workers_than_processors, 0,
                        PROCESS_METHODS);
    suite_add_tcase(s, t);
    return unit_run(s);
}
