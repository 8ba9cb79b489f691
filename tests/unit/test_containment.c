/* test_containment.c - tasks that change what belongs to the whole process, and
 * live on: calls that come later in that worker are not met by it. */
#include "pools.h"
#include "unit.h"

/* One worker, so that calls that follow one another meet. */
static sopool_pool *open_one(const char *method)
{
    sopool_options *options = options_of(method);

    set(options, "plugins.load", "nuisance");
    set(options, "processes", "1");
    set(options, "limits.open_files", "200");
    return open_pool(options);
}

static char *look(sopool_pool *pool, const char *thing)
{
    sopool_value *value =
        sopool_apply(pool, "nuisance.look", SOPOOL_ARGS(thing), &err);
    const char *text;
    char *copy;
    size_t size;

    ck_assert_msg(value != NULL, "%s", err.message);
    ck_assert_int_eq(sopool_value_str(value, &text, &size, NULL), 0);
    copy = strndup(text, size);
    sopool_value_free(value);
    return copy;
}

static int64_t change(sopool_pool *pool, const char *thing)
{
    return int_of(
        sopool_apply(pool, "nuisance.change", SOPOOL_ARGS(thing), &err));
}

static int64_t pid_of(sopool_pool *pool)
{
    return int_of(sopool_apply(pool, "nuisance.pid", SOPOOL_NO_ARGS, &err));
}

/* The thing is as before; in the same worker, or in another one. */
static void expect_undone(sopool_pool *pool, const char *thing, bool replaced)
{
    char *before = look(pool, thing);
    int64_t pid = change(pool, thing);
    char *after = look(pool, thing);

    ck_assert_msg(strcmp(before, after) == 0, "%s: %s, was %s", thing, after,
                  before);
    ck_assert_msg((pid_of(pool) != pid) == replaced, "%s: %s", thing,
                  replaced ? "the same worker" : "another worker");
    free(before);
    free(after);
}

START_TEST(what_can_be_put_back_is)
{
    static const char *const things[] = {
        "folder", "umask",       "handlers", "mask",  "alarm",
        "locale", "environment", "limits",   "group", "threads"};
    sopool_pool *pool = open_one(methods[_i]);
    sopool_stats stats;

    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
        expect_undone(pool, things[i], false);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.started, 1);
    end_pool(pool);
}
END_TEST

START_TEST(a_worker_that_cannot_be_put_back_is_replaced)
{
    sopool_pool *pool = open_one(methods[_i]);
    sopool_stats stats;

    expect_undone(pool, "output", true);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.replaced, 1);
    ck_assert_uint_eq(stats.died, 0);
    expect_undone(pool, "descriptors", true);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.failed, 0);
    end_pool(pool);
}
END_TEST

/* Also in the midst of calls that travel together. */
START_TEST(calls_behind_it_go_elsewhere)
{
    sopool_pool *pool = open_one(methods[_i]);
    sopool_arg things[60];
    sopool_call_options how = {.chunksize = 20};
    sopool_result *result;
    sopool_stats stats;

    for (size_t i = 0; i < 60; i++)
        things[i] = sopool_arg_str(i % 10 == 3 ? "output" : "umask");
    result = sopool_map(pool, "nuisance.change", things, 60, &how, &err);
    ck_assert_msg(result != NULL, "%s", err.message);
    for (size_t i = 0; i < 60; i++)
        ck_assert_int_gt(int_of(sopool_result_value(result, i, &err)), 0);
    sopool_result_free(result);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.done, 60);
    ck_assert_uint_ge(stats.replaced, 5);
    end_pool(pool);
}
END_TEST

START_TEST(a_worker_that_stops_itself_is_ended)
{
    sopool_pool *pool = open_one(methods[_i]);
    sopool_stats stats;

    expect_failure(pool, "nuisance.stop", SOPOOL_NO_ARGS, SOPOOL_E_DIED);
    ck_assert_ptr_nonnull(strstr(err.message, "was stopped"));
    ck_assert_int_gt(pid_of(pool), 0);
    (void)sopool_get_stats(pool, &stats, NULL, 0);
    ck_assert_uint_eq(stats.died, 1);
    end_pool(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("containment");
    TCase *t = add_case(s, "changes");

    tcase_add_loop_test(t, what_can_be_put_back_is, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_worker_that_cannot_be_put_back_is_replaced, 0,
                        PROCESS_METHODS);
    tcase_add_loop_test(t, calls_behind_it_go_elsewhere, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, a_worker_that_stops_itself_is_ended, 0,
                        PROCESS_METHODS);
    return unit_run(s);
}
