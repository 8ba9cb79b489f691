/* test_register.c - functions of the program as tasks, with fork and thread. */
#include <signal.h>

#include <sopool/task.h>

#include "pools.h"
#include "unit.h"

static const char *const own_methods[] = {"fork", "thread"};
enum { OWN_METHODS = 2 };

/* What the program has set before it opened the pool. */
static int64_t factor = 1;

SOPOOL_TASK(scale, i64, "x times what the program has set.", (i64, x))
{
    *out = a->x * factor;
    return SOPOOL_OK;
}

SOPOOL_TASK(set_factor, bool, "An initializer.", (i64, x))
{
    factor = a->x;
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(crash, bool, "Dies.")
{
    abort();
}

SOPOOL_TASK(scale_up, i64, "The same function in another group.", (i64, x))
{
    *out = a->x + 1;
    return SOPOOL_OK;
}

static sopool_pool *waits_for;

SOPOOL_TASK(waits, i64, "Calls its own pool; gives the error's code.")
{
    sopool_error why = {0};
    sopool_value *value =
        sopool_apply(waits_for, "own.scale", SOPOOL_ARGS(1), &why);

    sopool_value_free(value);
    *out = why.code;
    return SOPOOL_OK;
}

SOPOOL_TASK(submits, i64, "Submits to its own pool, and does not wait.")
{
    sopool_result *result =
        sopool_apply_async(waits_for, "own.scale", SOPOOL_ARGS(1), NULL, NULL);

    *out = result != NULL;
    sopool_result_free(result);
    return SOPOOL_OK;
}

static void add(sopool_options *options, const char *group,
                const sopool_task *task)
{
    MUST(sopool_register(options, group, task, &err) == 0);
}

/* Under the sanitizers' runtime the program is not forked. */
static sopool_options *own_options(int i)
{
    sopool_options *options =
        options_of(sanitized() ? "thread" : own_methods[i]);

    add(options, "own", SOPOOL_TASK_OF(scale));
    add(options, "own", SOPOOL_TASK_OF(set_factor));
    add(options, "own", SOPOOL_TASK_OF(crash));
    add(options, "own", SOPOOL_TASK_OF(waits));
    add(options, "own", SOPOOL_TASK_OF(submits));
    add(options, "other", SOPOOL_TASK_OF(scale_up));
    return options;
}

START_TEST(own_functions_are_tasks)
{
    sopool_options *options = own_options(_i);
    const sopool_task_info *info;
    sopool_pool *pool;

    factor = 3;
    pool = open_pool(options);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "own.scale", SOPOOL_ARGS(5), &err)), 15);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "other.scale_up", SOPOOL_ARGS(5), &err)), 6);
    ck_assert_int_eq(/* beside those of plugins */
                     int_of(sopool_apply(pool, "behave.square", SOPOOL_ARGS(5),
                                         &err)),
                     25);
    expect_failure(pool, "own.scale", SOPOOL_ARGS("x"), SOPOOL_E_ARGS);
    expect_failure(pool, "own.scales", SOPOOL_ARGS(1), SOPOOL_E_NO_TASK);
    ck_assert_ptr_nonnull(strstr(err.message, "own.scale"));
    info = sopool_find_task(pool, "own.scale", &err);
    MUST(info);
    ck_assert_str_eq(info->signature, "(x: i64) -> i64");
    ck_assert_str_eq(info->plugin, "own");
    ck_assert_str_eq(info->path, "the program");
    end_pool(pool);
}
END_TEST

START_TEST(an_initializer_may_be_an_own_function)
{
    sopool_options *options = own_options(_i);
    char path[] = "/tmp/sopool-config-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    sopool_pool *pool;

    ck_assert_ptr_nonnull(file);
    (void)fputs("initializer: own.set_factor\ninitargs: [7]\n", file);
    (void)fclose(file);
    MUST(sopool_options_load(options, path, NULL, NULL, &err) == 0);
    set(options, "processes", "1"); /* two threads would both set it */
    (void)unlink(path);
    pool = open_pool(options);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "own.scale", SOPOOL_ARGS(5), &err)), 35);
    end_pool(pool);
}
END_TEST

START_TEST(an_own_function_that_crashes_fails_alone)
{
    sopool_pool *pool = open_pool(own_options(0));

    expect_failure(pool, "own.crash", SOPOOL_NO_ARGS, SOPOOL_E_DIED);
    ck_assert_int_eq(err.signal, SIGABRT);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "own.scale", SOPOOL_ARGS(5), &err)), 5);
    end_pool(pool);
}
END_TEST

START_TEST(what_is_no_task_is_refused)
{
    sopool_options *options = own_options(0);
    sopool_task broken = *SOPOOL_TASK_OF(scale);

    ck_assert_int_eq(
        sopool_register(options, "own", SOPOOL_TASK_OF(scale), &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    ck_assert_str_eq(err.message, "own.scale is registered already");
    ck_assert_int_eq(
        sopool_register(options, "My group", SOPOOL_TASK_OF(scale), &err), -1);
    ck_assert_ptr_nonnull(strstr(err.message, "My group"));
    broken.name = "other";
    broken.signature = "(x: i46) -> i64";
    ck_assert_int_eq(sopool_register(options, "own", &broken, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_PLUGIN);
    broken = *SOPOOL_TASK_OF(scale);
    broken.name = "other";
    broken.run = NULL;
    ck_assert_int_eq(sopool_register(options, "own", &broken, &err), -1);
    broken = *SOPOOL_TASK_OF(scale);
    broken.size = 8;
    ck_assert_int_eq(sopool_register(options, "new", &broken, &err), -1);
    sopool_options_free(options);
}
END_TEST

START_TEST(other_programs_have_none_of_this_one)
{
    static const char *const others[] = {"forkserver", "spawn"};
    sopool_options *options = own_options(0);

    set(options, "start_method", others[_i]);
    ck_assert_ptr_null(sopool_open_options(options, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "fork or thread"));
    sopool_options_free(options);
}
END_TEST

START_TEST(a_catalog_shows_own_functions)
{
    sopool_options *options = own_options(0);
    sopool_catalog *catalog;

    MUST(sopool_options_only(options, "own.scale", &err) == 0);
    catalog = sopool_catalog_open(options, NULL, NULL, &err);
    MUST(catalog);
    MUST(sopool_catalog_find(catalog, "own.scale", &err));
    MUST(sopool_catalog_find(catalog, "other.scale_up", &err));
    sopool_catalog_free(catalog);
    sopool_options_free(options);
}
END_TEST

/* It would keep the worker that it waits for. */
START_TEST(a_thread_cannot_wait_for_its_own_pool)
{
    sopool_options *options = own_options(1);

    set(options, "processes", "1");
    waits_for = open_pool(options);
    ck_assert_int_eq(
        int_of(sopool_apply(waits_for, "own.waits", SOPOOL_NO_ARGS, &err)),
        SOPOOL_E_DEADLOCK);
    ck_assert_int_eq(
        int_of(sopool_apply(waits_for, "own.submits", SOPOOL_NO_ARGS, &err)),
        1);
    end_pool(waits_for);
}
END_TEST

/* A forked worker inherits pools that are not its own. */
START_TEST(a_forked_worker_cannot_use_a_pool_of_the_program)
{
    sopool_pool *pool;

    waits_for = pool_of("forkserver");
    pool = open_pool(own_options(0));
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "own.waits", SOPOOL_NO_ARGS, &err)),
        SOPOOL_E_FORKED);
    end_pool(pool);
    end_pool(waits_for);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("register");
    TCase *t = add_case(s, "register");

    tcase_add_loop_test(t, own_functions_are_tasks, 0, OWN_METHODS);
    tcase_add_loop_test(t, an_initializer_may_be_an_own_function, 0,
                        OWN_METHODS);
    if (!sanitized())
        tcase_add_test(t, an_own_function_that_crashes_fails_alone);
    tcase_add_test(t, what_is_no_task_is_refused);
    tcase_add_loop_test(t, other_programs_have_none_of_this_one, 0, 2);
    tcase_add_test(t, a_catalog_shows_own_functions);
    tcase_add_test(t, a_thread_cannot_wait_for_its_own_pool);
    if (!sanitized())
        tcase_add_test(t, a_forked_worker_cannot_use_a_pool_of_the_program);
    return unit_run(s);
}
