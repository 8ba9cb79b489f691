/* test_numbers.c - calls of tasks that take and give numbers alone, which
 * travel as such. They behave as all others do. */
#include <math.h>
#include <stddef.h>

#include <sopool/task.h>

#include "pools.h"
#include "unit.h"

enum { COUNT = 20000 };

SOPOOL_TASK(twice, i64, "2 x; fails on 7.", (i64, x))
{
    if (a->x == 7)
        return sopool_fail(call, "7 is no good");
    *out = 2 * a->x;
    return SOPOOL_OK;
}

SOPOOL_TASK(half, f64, "x / 2.", (f64, x))
{
    *out = a->x / 2;
    return SOPOOL_OK;
}

SOPOOL_TASK(next, u64, "x + 1.", (u64, x))
{
    *out = a->x + 1;
    return SOPOOL_OK;
}

SOPOOL_TASK(mix, f64, "All of them.", (i64, i), (u64, u), (f64, f), (i64, j))
{
    *out = (double)a->i + (double)a->u * 10 + a->f * 100 + (double)a->j * 1000;
    return SOPOOL_OK;
}

static void own_task(sopool_options *options, const sopool_task *task)
{
    MUST(sopool_register(options, "own", task, &err) == 0);
}

static sopool_pool *own_pool(void)
{
    sopool_options *options = options_of("thread");

    own_task(options, SOPOOL_TASK_OF(twice));
    own_task(options, SOPOOL_TASK_OF(half));
    own_task(options, SOPOOL_TASK_OF(next));
    own_task(options, SOPOOL_TASK_OF(mix));
    return open_pool(options);
}

static sopool_arg *counting(size_t count)
{
    sopool_arg *inputs = calloc(count, sizeof(*inputs));

    ck_assert_ptr_nonnull(inputs);
    for (size_t i = 0; i < count; i++)
        inputs[i] = sopool_arg_i64((int64_t)i);
    return inputs;
}

/* Item by item: odd ones failed with that code, the others gave the square. */
static void expect_squares_of_even(sopool_result *result, int code)
{
    for (size_t i = 0; i < sopool_result_count(result); i++) {
        int64_t x = -1;
        int status = sopool_result_i64(result, i, &x, &err);

        if (i % 2 != 0) {
            ck_assert_int_eq(status, -1);
            ck_assert_int_eq(err.code, code);
            continue;
        }
        MUST(status == 0);
        ck_assert_int_eq(x, (int64_t)(i * i));
    }
}

/* ---- with each start method -------------------------------------------- */

START_TEST(failures_keep_their_places)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_arg *inputs = counting(COUNT);
    sopool_result *result =
        sopool_map(pool, "behave.odd_fails", inputs, COUNT, NULL, &err);

    MUST(result != NULL);
    expect_squares_of_even(result, SOPOOL_E_TASK);
    sopool_result_free(result);
    free(inputs);
    end_pool(pool);
}
END_TEST

START_TEST(deaths_cost_one_call_each)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_arg *inputs = counting(40);
    int64_t x;

    for (int round = 0; round < 3; round++) {
        sopool_result *result =
            sopool_map(pool, "faults.die_odd", inputs, 40, NULL, &err);

        MUST(result != NULL);
        for (size_t i = 0; i < 40; i++)
            if (i % 2 == 0)
                MUST(sopool_result_i64(result, i, &x, &err) == 0);
            else
                ck_assert(sopool_result_i64(result, i, &x, &err) == -1 &&
                          err.code == SOPOOL_E_DIED);
        sopool_result_free(result);
    }
    free(inputs);
    end_pool(pool);
}
END_TEST

START_TEST(workers_are_replaced_meanwhile)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_arg *inputs = counting(2000);
    sopool_result *result;
    sopool_pool *pool;

    set(options, "maxtasksperchild", "300");
    pool = open_pool(options);
    result = sopool_map(pool, "behave.odd_fails", inputs, 2000, NULL, &err);
    MUST(result != NULL);
    expect_squares_of_even(result, SOPOOL_E_TASK);
    sopool_result_free(result);
    free(inputs);
    end_pool(pool);
}
END_TEST

START_TEST(timeouts_count)
{
    sopool_options *options = options_of(methods[_i]);
    const sopool_arg inputs[] = {sopool_arg_u64(1), sopool_arg_u64(60000),
                                 sopool_arg_u64(2)};
    sopool_result *result;
    sopool_pool *pool;
    uint64_t x;

    set(options, "timeout", "300ms");
    pool = open_pool(options);
    result = sopool_map(pool, "faults.nap", inputs, 3, NULL, &err);
    MUST(result != NULL);
    MUST(sopool_result_u64(result, 0, &x, &err) == 0 && x == 1);
    ck_assert(sopool_result_u64(result, 1, &x, &err) == -1 &&
              err.code == SOPOOL_E_TIMEOUT);
    MUST(sopool_result_u64(result, 2, &x, &err) == 0 && x == 2);
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

/* One by one, all at once, many workers: what one has, another takes over. */
START_TEST(single_calls_arrive)
{
    sopool_pool *pool = pool_of(methods[_i]);
    static sopool_result *results[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        results[i] = sopool_apply_async(pool, "behave.subtract",
                                        SOPOOL_ARGS((int64_t)i, 5), NULL, &err);
        MUST(results[i] != NULL);
    }
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(int_of(sopool_result_get(results[i], -1, &err)),
                         (int64_t)i - 5);
        sopool_result_free(results[i]);
    }
    end_pool(pool);
}
END_TEST

/* ---- types ------------------------------------------------------------- */

START_TEST(arguments_of_other_types_are_as_ever)
{
    sopool_pool *pool = own_pool();
    const sopool_arg inputs[] = {
        sopool_arg_i64(1),     sopool_arg_u64(2),          sopool_arg_f64(3),
        sopool_arg_bool(true), sopool_arg_u64(UINT64_MAX), sopool_arg_i64(-6),
        sopool_arg_i64(7),     sopool_arg_i64(8)};
    const int64_t good[] = {2, 4, 0, 0, 0, -12, 0, 16};
    sopool_result *result =
        sopool_map(pool, "own.twice", inputs, 8, NULL, &err);
    int64_t x;

    MUST(result != NULL);
    for (size_t i = 0; i < 8; i++)
        if (good[i] != 0)
            MUST(sopool_result_i64(result, i, &x, &err) == 0 && x == good[i]);
        else
            ck_assert(sopool_result_i64(result, i, &x, &err) == -1 &&
                      err.code == (i == 6 ? SOPOOL_E_TASK : SOPOOL_E_ARGS));
    ck_assert_int_eq(sopool_result_i64(result, 2, &x, &err), -1);
    ck_assert_str_eq(err.message, "argument 1 (x) must be i64, got a float");
    sopool_result_free(result);
    expect_failure(pool, "own.next", SOPOOL_ARGS(-1), SOPOOL_E_ARGS);
    expect_failure(pool, "own.twice", SOPOOL_ARGS(1, 2), SOPOOL_E_ARGS);
    expect_failure(pool, "own.twice", SOPOOL_ARGS(7), SOPOOL_E_TASK);
    end_pool(pool);
}
END_TEST

START_TEST(several_parameters)
{
    sopool_pool *pool = own_pool();
    sopool_value *value = sopool_apply(
        pool, "own.mix",
        SOPOOL_ARGS(-1, sopool_arg_u64(2), sopool_arg_f64(0.25), 4), &err);
    double x;

    MUST(value != NULL && sopool_value_f64(value, &x, &err) == 0);
    ck_assert_double_eq(x, -1 + 20 + 25 + 4000);
    sopool_value_free(value);
    /* An integer for an f64 goes the other way. */
    value = sopool_apply(pool, "own.mix", SOPOOL_ARGS(1, 2, 3, 4), &err);
    MUST(value != NULL && sopool_value_f64(value, &x, &err) == 0);
    ck_assert_double_eq(x, 4321);
    sopool_value_free(value);
    end_pool(pool);
}
END_TEST

/* A result can be had as an item, as a value, as a number and in a list. */
START_TEST(results_can_be_read_in_all_ways)
{
    sopool_pool *pool = own_pool();
    const sopool_arg inputs[] = {sopool_arg_u64(0), sopool_arg_u64(1000000),
                                 sopool_arg_u64(UINT64_MAX - 1)};
    sopool_result *result = sopool_map(pool, "own.next", inputs, 3, NULL, &err);
    sopool_value *list, *value;
    const void *item, *again;
    uint64_t x;
    int64_t y;
    size_t size;

    MUST(result != NULL && sopool_result_successful(result));
    item = sopool_result_item(result, 1, &size, &err);
    MUST(item != NULL);
    ck_assert_uint_eq(size, 5);
    again = sopool_result_item(result, 1, NULL, &err);
    ck_assert_ptr_eq(item, again);
    value = sopool_result_value(result, 2, &err);
    MUST(value != NULL && sopool_value_u64(value, &x, &err) == 0);
    ck_assert(x == UINT64_MAX);
    sopool_value_free(value);
    ck_assert_int_eq(sopool_result_i64(result, 2, &y, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_VALUE);
    MUST(sopool_result_u64(result, 0, &x, &err) == 0 && x == 1);
    list = sopool_result_get(result, -1, &err);
    MUST(list != NULL);
    MUST(sopool_value_count(list, &size, &err) == 0);
    ck_assert_uint_eq(size, 3);
    sopool_value_free(list);
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

START_TEST(odd_floats_come_back)
{
    sopool_pool *pool = own_pool();
    const double in[] = {0.0, -0.0, 1e-310, INFINITY, -INFINITY, NAN, 3.0};
    double out[7];

    MUST(sopool_map_numbers(pool, "own.half", SOPOOL_F64, in, SOPOOL_F64, out,
                            7, NULL, &err) == 0);
    for (size_t i = 0; i < 7; i++) {
        const double want = in[i] / 2;

        ck_assert(isnan(want) ? isnan(out[i])
                              : memcmp(&out[i], &want, sizeof(want)) == 0);
    }
    end_pool(pool);
}
END_TEST

/* ---- arrays ------------------------------------------------------------ */

START_TEST(arrays_of_numbers)
{
    sopool_pool *pool = pool_of(methods[_i]);
    static int64_t numbers[COUNT];

    for (size_t i = 0; i < COUNT; i++)
        numbers[i] = (int64_t)i - COUNT / 2;
    MUST(sopool_map_numbers(pool, "behave.square", SOPOOL_I64, numbers,
                            SOPOOL_I64, numbers, COUNT, NULL, &err) == 0);
    for (size_t i = 0; i < COUNT; i++) {
        const int64_t x = (int64_t)i - COUNT / 2;

        ck_assert_int_eq(numbers[i], x * x);
    }
    MUST(sopool_map_numbers(pool, "behave.square", SOPOOL_I64, NULL, SOPOOL_I64,
                            NULL, 0, NULL, &err) == 0);
    end_pool(pool);
}
END_TEST

START_TEST(arrays_say_what_failed)
{
    sopool_pool *pool = own_pool();
    const int64_t in[] = {6, 7, 8};
    int64_t out[3] = {0};

    ck_assert_int_eq(sopool_map_numbers(pool, "own.twice", SOPOOL_I64, in,
                                        SOPOOL_I64, out, 3, NULL, &err),
                     -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TASK);
    ck_assert_str_eq(err.message, "call 2 of 3: 7 is no good");
    ck_assert_int_eq(out[0], 12);
    ck_assert_int_eq(out[2], 16);
    end_pool(pool);
}
END_TEST

START_TEST(arrays_of_the_wrong_type)
{
    sopool_pool *pool = own_pool();
    const int64_t in[] = {1};
    int64_t out[1];

    ck_assert_int_eq(sopool_map_numbers(pool, "own.half", SOPOOL_I64, in,
                                        SOPOOL_F64, out, 1, NULL, &err),
                     -1);
    ck_assert_int_eq(err.code, SOPOOL_E_ARGS);
    ck_assert_str_eq(err.message, "own.half takes f64, not i64");
    ck_assert_int_eq(sopool_map_numbers(pool, "own.next", SOPOOL_U64, in,
                                        SOPOOL_I64, out, 1, NULL, &err),
                     -1);
    ck_assert_str_eq(err.message, "own.next gives u64, not i64");
    ck_assert_int_eq(sopool_map_numbers(pool, "own.mix", SOPOOL_I64, in,
                                        SOPOOL_F64, out, 1, NULL, &err),
                     -1);
    ck_assert_int_eq(err.code, SOPOOL_E_ARGS);
    ck_assert_int_eq(sopool_map_numbers(pool, "own.twise", SOPOOL_I64, in,
                                        SOPOOL_F64, out, 1, NULL, &err),
                     -1);
    ck_assert_int_eq(err.code, SOPOOL_E_NO_TASK);
    end_pool(pool);
}
END_TEST

/* ---- plugins from before ----------------------------------------------- */

/* What a task looks like that was built when there was serialization alone. */
START_TEST(a_task_without_the_direct_way)
{
    sopool_options *options = options_of("thread");
    sopool_task older = *SOPOOL_TASK_OF(twice);
    const int64_t in[] = {6, 7, -8};
    int64_t out[3] = {0};
    sopool_pool *pool;

    older.size = offsetof(sopool_task, direct);
    older.direct = NULL;
    own_task(options, &older);
    pool = open_pool(options);
    ck_assert_int_eq(
        int_of(sopool_apply(pool, "own.twice", SOPOOL_ARGS(-21), &err)), -42);
    ck_assert_int_eq(sopool_map_numbers(pool, "own.twice", SOPOOL_I64, in,
                                        SOPOOL_I64, out, 3, NULL, &err),
                     -1);
    ck_assert_str_eq(err.message, "call 2 of 3: 7 is no good");
    ck_assert_int_eq(out[0], 12);
    ck_assert_int_eq(out[2], -16);
    end_pool(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("numbers");
    TCase *t = add_case(s, "methods");

    tcase_add_loop_test(t, failures_keep_their_places, 0, METHODS);
    tcase_add_loop_test(t, deaths_cost_one_call_each, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, workers_are_replaced_meanwhile, 0, METHODS);
    tcase_add_loop_test(t, timeouts_count, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, single_calls_arrive, 0, METHODS);
    tcase_add_loop_test(t, arrays_of_numbers, 0, METHODS);
    t = add_case(s, "types");
    tcase_add_test(t, arguments_of_other_types_are_as_ever);
    tcase_add_test(t, several_parameters);
    tcase_add_test(t, results_can_be_read_in_all_ways);
    tcase_add_test(t, odd_floats_come_back);
    tcase_add_test(t, arrays_say_what_failed);
    tcase_add_test(t, arrays_of_the_wrong_type);
    tcase_add_test(t, a_task_without_the_direct_way);
    return unit_run(s);
}
