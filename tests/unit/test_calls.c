/* test_calls.c - submitting calls: apply, map, starmap, imap, their async
 * forms and their options, with each start method.
 *
 * What CPython's test suite checks of multiprocessing.Pool, and where:
 *   apply, a call that raises              apply_* below, test_pool.c
 *   map, empty, chunks, unpicklable input  map_*
 *   starmap                                starmap_*
 *   map_async with callbacks               async_*, test_futures.c
 *   imap, imap_unordered, chunksizes       imap_*
 *   imap over an iterator that raises      imap_an_input_that_fails_*
 *   get and next with timeouts             get_*, imap_next_*
 *   results released after iteration       imap_is_lazy..., test_lifecycle.c
 *   errors come back wrapped, any error    map_keeps_what_*, get_says_which_*
 */
#include <pthread.h>

#include <sopool/cbor.h>

#include "pools.h"
#include "unit.h"

static int64_t int_at(sopool_result *result, size_t index)
{
    return int_of(sopool_result_value(result, index, &err));
}

static void fill(sopool_arg *inputs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        inputs[i] = sopool_arg_i64((int64_t)i);
}

/* ---- apply ------------------------------------------------------------- */

START_TEST(apply_with_options_gives_the_same)
{
    const sopool_call_options options = {.timeout_ms = 20000, .priority = 3};
    sopool_pool *pool = pool_of(methods[_i]);

    ck_assert_int_eq(int_of(sopool_apply_with(pool, "behave.square",
                                              SOPOOL_ARGS(7), &options, &err)),
                     49);
    ck_assert_int_eq(int_of(sopool_apply_with(pool, "behave.subtract",
                                              SOPOOL_ARGS(7, 9), NULL, &err)),
                     -2);
    end_pool(pool);
}
END_TEST

START_TEST(async_calls_give_their_own_results)
{
    enum { CALLS = 500 };
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result[CALLS];

    for (int i = 0; i < CALLS; i++)
        MUST(result[i] = sopool_apply_async(pool, "behave.subtract",
                                            SOPOOL_ARGS(i, 3), NULL, &err));
    for (int i = CALLS - 1; i >= 0; i--) {
        ck_assert_uint_eq(sopool_result_count(result[i]), 1);
        ck_assert_int_eq(int_of(sopool_result_get(result[i], 20000, &err)),
                         i - 3);
        sopool_result_free(result[i]);
    }
    end_pool(pool);
}
END_TEST

START_TEST(what_cannot_be_submitted_is_refused)
{
    sopool_pool *pool = pool_of("forkserver");
    sopool_call_options odd = {.priority = 11};
    sopool_arg bad = sopool_arg_text("\xff", 1);

    ck_assert_ptr_null(
        sopool_apply_async(pool, "behave.nothing", SOPOOL_NO_ARGS, NULL, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_NO_TASK);
    ck_assert_ptr_null(sopool_map(pool, "faults.print", &bad, 1, NULL, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_ARGS);
    ck_assert_ptr_nonnull(strstr(err.message, "input 1: "));
    ck_assert_ptr_null(
        sopool_apply_async(pool, "behave.square", SOPOOL_ARGS(1), &odd, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    odd = (sopool_call_options){.retries = 1};
    ck_assert_ptr_null(sopool_apply_async(pool, "behave.subtract",
                                          SOPOOL_ARGS(1, 2), &odd, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "IDEMPOTENT"));
    end_pool(pool);
}
END_TEST

/* ---- map --------------------------------------------------------------- */

START_TEST(map_keeps_the_order)
{
    static const uint32_t chunks[] = {0, 1, 7, 20, 100000};
    enum { INPUTS = 3000 };
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_arg inputs[INPUTS];

    fill(inputs, INPUTS);
    for (size_t c = 0; c < 5; c++) {
        const sopool_call_options how = {.chunksize = chunks[c]};
        sopool_result *result =
            sopool_map(pool, "behave.square", inputs, INPUTS, &how, &err);

        MUST(result);
        ck_assert(sopool_result_done(result));
        ck_assert(sopool_result_successful(result));
        ck_assert_uint_eq(sopool_result_count(result), INPUTS);
        ck_assert_uint_eq(sopool_result_progress(result), INPUTS);
        for (size_t i = 0; i < INPUTS; i++)
            ck_assert_int_eq(int_at(result, i), (int64_t)(i * i));
        sopool_result_free(result);
    }
    end_pool(pool);
}
END_TEST

START_TEST(map_of_nothing_is_done_at_once)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_result *result =
        sopool_map_async(pool, "behave.square", NULL, 0, NULL, &err);
    sopool_value *list;
    size_t count;

    MUST(result);
    ck_assert(sopool_result_done(result));
    ck_assert(sopool_result_successful(result));
    ck_assert(!sopool_result_cancel(result));
    list = sopool_result_get(result, 0, &err);
    MUST(list);
    ck_assert_int_eq(sopool_value_count(list, &count, &err), 0);
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_null(sopool_result_item(result, 0, NULL, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_USAGE);
    sopool_value_free(list);
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

START_TEST(map_gives_a_list)
{
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_arg inputs[3];
    sopool_result *result;
    sopool_value *list;
    int one, two, three;

    fill(inputs, 3);
    result = sopool_map(pool, "behave.square", inputs, 3, NULL, &err);
    MUST(result);
    for (int again = 0; again < 2; again++) {
        list = sopool_result_get(result, -1, &err);
        MUST(list);
        MUST(sopool_unpack(list, &err, "[iii]", &one, &two, &three) == 0);
        ck_assert(one == 0 && two == 1 && three == 4);
        sopool_value_free(list);
    }
    sopool_result_free(result);
    result = sopool_map(pool, "behave.square", inputs + 2, 1, NULL, &err);
    list = sopool_result_get(result, -1, &err);
    MUST(sopool_unpack(list, &err, "[i]", &one) == 0);
    ck_assert_int_eq(one, 4);
    sopool_value_free(list);
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

START_TEST(map_keeps_what_did_not_fail)
{
    enum { INPUTS = 200 };
    sopool_pool *pool = pool_of(methods[_i]);
    sopool_arg inputs[INPUTS];
    sopool_error why;
    sopool_result *result;

    fill(inputs, INPUTS);
    result = sopool_map(pool, "behave.odd_fails", inputs, INPUTS, NULL, &err);
    MUST(result);
    ck_assert(!sopool_result_successful(result));
    for (size_t i = 0; i < INPUTS; i++) {
        if (i % 2 == 0) {
            ck_assert_int_eq(int_at(result, i), (int64_t)(i * i));
            continue;
        }
        ck_assert_ptr_null(sopool_result_item(result, i, NULL, &err));
        ck_assert_int_eq(err.code, SOPOOL_E_TASK);
        ck_assert_str_eq(err.task, "behave.odd_fails");
    }
    ck_assert_ptr_null(sopool_result_get(result, -1, &err));
    ck_assert_str_eq(err.message, "call 2 of 200: 1 is odd");
    ck_assert_int_eq(sopool_result_exception(result, -1, &why, &err), 1);
    ck_assert_str_eq(why.message, "call 2 of 200: 1 is odd");
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

START_TEST(starmap_spreads_its_arguments)
{
    sopool_pool *pool = pool_of(methods[_i]);
    const sopool_args inputs[] = {SOPOOL_ARGS(5, 3), SOPOOL_ARGS(3, 5),
                                  SOPOOL_ARGS(0, 0)};
    sopool_result *result =
        sopool_starmap(pool, "behave.subtract", inputs, 3, NULL, &err);
    sopool_result *async;

    MUST(result);
    ck_assert_int_eq(int_at(result, 0), 2);
    ck_assert_int_eq(int_at(result, 1), -2);
    ck_assert_int_eq(int_at(result, 2), 0);
    sopool_result_free(result);
    async =
        sopool_starmap_async(pool, "behave.subtract", inputs, 3, NULL, &err);
    MUST(async);
    MUST(sopool_result_wait(async, 20000, &err) == 0);
    ck_assert_int_eq(int_at(async, 1), -2);
    sopool_result_free(async);
    end_pool(pool);
}
END_TEST

START_TEST(values_may_be_large)
{
    sopool_pool *pool = pool_of(methods[_i]);
    const uint64_t sizes[] = {100, 70000, 3000000};
    sopool_arg inputs[3];
    sopool_result *result;

    for (size_t i = 0; i < 3; i++)
        inputs[i] = sopool_arg_u64(sizes[i]);
    result = sopool_map(pool, "faults.big", inputs, 3, NULL, &err);
    MUST(result);
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < 3; i++) {
            sopool_value *value = sopool_result_value(result, i, &err);
            const void *data;
            size_t size;

            MUST(value);
            MUST(sopool_value_bytes(value, &data, &size, &err) == 0);
            ck_assert_uint_eq(size, sizes[i]);
            sopool_value_free(value);
        }
    sopool_result_free(result);
    end_pool(pool);
}
END_TEST

START_TEST(a_result_that_is_too_large_fails_alone)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;

    set(options, "limits.memory", "300M");
    pool = open_pool(options);
    for (int i = 0; i < 3; i++) {
        expect_failure(pool, "faults.big", SOPOOL_ARGS(UINT64_C(1) << 40),
                       SOPOOL_E_TASK);
        ck_assert_ptr_nonnull(strstr(err.message, "memory"));
        ck_assert_int_eq(
            int_of(sopool_apply(pool, "behave.square", SOPOOL_ARGS(i), &err)),
            (int64_t)i * i);
    }
    end_pool(pool);
}
END_TEST

START_TEST(inputs_may_be_large_among_small_ones)
{
    enum { INPUTS = 60, LARGEST = 1 << 20 };
    static const size_t sizes[] = {0,     10,    64511, 64512,  65530,
                                   65536, 70000, 7,     300000, LARGEST};
    sopool_pool *pool = pool_of(methods[_i]);
    uint8_t *data = malloc(LARGEST);
    sopool_arg inputs[INPUTS];
    sopool_result *result;

    ck_assert_ptr_nonnull(data);
    memset(data, 'x', LARGEST);
    for (size_t i = 0; i < INPUTS; i++)
        inputs[i] = sopool_arg_bytes(data, sizes[i % 10]);
    for (uint32_t chunk = 0; chunk < 20; chunk += 7) {
        const sopool_call_options how = {.chunksize = chunk};

        result = sopool_map(pool, "faults.size", inputs, INPUTS, &how, &err);
        MUST(result);
        for (size_t i = 0; i < INPUTS; i++)
            ck_assert_int_eq(int_at(result, i), (int64_t)sizes[i % 10]);
        sopool_result_free(result);
    }
    /* Text is checked, and nothing is left of a call that cannot be sent. */
    data[LARGEST - 1] = 0xff;
    inputs[1] = sopool_arg_text((const char *)data, LARGEST);
    ck_assert_ptr_null(
        sopool_map(pool, "faults.print", inputs + 1, 1, NULL, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_ARGS);
    ck_assert_ptr_nonnull(strstr(err.message, "byte 1048576"));
    free(data);
    end_pool(pool);
}
END_TEST

/* ---- waiting and reading ----------------------------------------------- */

START_TEST(get_gives_up_in_time_and_can_be_repeated)
{
    sopool_pool *pool = pool_of(methods[_i]);
    gate path;
    sopool_result *result = sopool_apply_async(
        pool, "behave.wait", SOPOOL_ARGS(gate_new(path), 5), NULL, &err);

    MUST(result);
    ck_assert_ptr_null(sopool_result_get(result, 30, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    ck_assert(!sopool_result_done(result));
    ck_assert(!sopool_result_successful(result));
    ck_assert_ptr_null(sopool_result_item(result, 0, NULL, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    ck_assert_int_eq(sopool_result_wait(result, 0, &err), -1);
    gate_open(path);
    ck_assert_int_eq(int_of(sopool_result_get(result, 20000, &err)), 5);
    ck_assert_int_eq(int_of(sopool_result_get(result, 0, &err)), 5);
    ck_assert(sopool_result_ready(result));
    sopool_result_free(result);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

START_TEST(items_can_be_read_before_all_are_done)
{
    sopool_pool *pool = pool_of(methods[_i]);
    gate path;
    const sopool_call_options how = {.chunksize = 1};
    sopool_args inputs[2];
    gate there;
    sopool_result *result;

    gate_new(path);
    gate_open(gate_new(there));
    inputs[0] = SOPOOL_ARGS(path, 1);
    inputs[1] = SOPOOL_ARGS(there, 2);
    result = sopool_starmap_async(pool, "behave.wait", inputs, 2, &how, &err);
    MUST(result);
    UNTIL(sopool_result_progress(result) == 1);
    ck_assert_int_eq(int_at(result, 1), 2);
    ck_assert_ptr_null(sopool_result_value(result, 0, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    gate_open(path);
    MUST(sopool_result_wait(result, 20000, &err) == 0);
    ck_assert_int_eq(int_at(result, 0), 1);
    sopool_result_free(result);
    gate_remove(path);
    gate_remove(there);
    end_pool(pool);
}
END_TEST

/* ---- options of calls -------------------------------------------------- */

START_TEST(a_call_has_its_own_time_limit)
{
    const sopool_call_options shortly = {.timeout_ms = 50};
    const sopool_call_options forever = {.timeout_ms = -1};
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;

    set(options, "timeout", "100ms");
    pool = open_pool(options);
    ck_assert_ptr_null(sopool_apply_with(pool, "faults.nap", SOPOOL_ARGS(9000),
                                         &shortly, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(err.message, "50 ms"));
    ck_assert_ptr_null(
        sopool_apply(pool, "faults.nap", SOPOOL_ARGS(9000), &err));
    ck_assert_ptr_nonnull(strstr(err.message, "100 ms"));
    ck_assert_int_eq(int_of(sopool_apply_with(
                         pool, "faults.nap", SOPOOL_ARGS(300), &forever, &err)),
                     300);
    sopool_destroy(pool);
}
END_TEST

START_TEST(a_call_has_its_own_retries)
{
    const sopool_call_options again = {.retries = 1};
    const sopool_call_options never = {.retries = -1};
    sopool_options *options = options_of(methods[_i]);
    sopool_pool *pool;
    gate path;

    set(options, "retries", "2");
    pool = open_pool(options);
    ck_assert_ptr_null(sopool_apply_with(
        pool, "faults.die_once", SOPOOL_ARGS(gate_new(path)), &never, &err));
    ck_assert_int_eq(err.code, SOPOOL_E_DIED);
    gate_remove(path);
    sopool_value_free(sopool_apply_with(
        pool, "faults.die_once", SOPOOL_ARGS(gate_new(path)), &again, &err));
    ck_assert_int_eq(access(path, F_OK), 0);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

/* Calls are recorded in the order in which they run. */
START_TEST(urgent_calls_start_first)
{
    sopool_options *options = options_of(methods[_i]);
    sopool_result *held, *result[30];
    sopool_pool *pool;
    gate path, record, begun;
    char line[16];
    FILE *file;

    set(options, "processes", "1");
    pool = open_pool(options);
    gate_new(record);
    gate_new(begun);
    held =
        sopool_apply_async(pool, "behave.touch_and_wait",
                           SOPOOL_ARGS(begun, gate_new(path), 1), NULL, &err);
    MUST(held);
    UNTIL(access(begun, F_OK) == 0);
    for (int i = 0; i < 30; i++) {
        const sopool_call_options how = {.priority = i % 3 - 1};

        MUST(result[i] = sopool_apply_async(
                 pool, "faults.record", SOPOOL_ARGS(record, i), &how, &err));
    }
    gate_open(path);
    for (int i = 0; i < 30; i++) {
        MUST(sopool_result_wait(result[i], 20000, &err) == 0);
        sopool_result_free(result[i]);
    }
    sopool_result_free(held);
    file = fopen(record, "r");
    ck_assert_ptr_nonnull(file);
    for (int level = 2; level >= 0; level--)
        for (int i = level; i < 30; i += 3) {
            ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
            ck_assert_int_eq(atoi(line), i);
        }
    (void)fclose(file);
    gate_remove(path);
    gate_remove(record);
    gate_remove(begun);
    end_pool(pool);
}
END_TEST

/* ---- imap -------------------------------------------------------------- */

/* Numbers from 0; those of `bad` fail; -1 never ends. */
struct numbers {
    int64_t count, at, bad;
    sopool_arg arg;
};

static int next_number(void *ctx, sopool_args *args, sopool_error *error)
{
    struct numbers *n = ctx;

    if (n->at == n->count)
        return 0;
    if (n->bad > 0 && n->at % n->bad == 0) {
        n->at++;
        (void)snprintf(error->message, sizeof(error->message), "a bad input");
        error->code = SOPOOL_E_ARGS;
        return -1;
    }
    n->arg = sopool_arg_i64(n->at++);
    *args = (sopool_args){&n->arg, 1, NULL, 0};
    return 1;
}

static void run_imap(sopool_pool *pool, int64_t count, bool unordered,
                     const sopool_stream_options *how, int64_t bad)
{
    struct numbers n = {.count = count, .bad = bad};
    sopool_iterator *it =
        unordered
            ? sopool_imap_unordered(pool, "behave.square", next_number, &n, how,
                                    &err)
            : sopool_imap(pool, "behave.square", next_number, &n, how, &err);
    uint8_t *seen = calloc(1, (size_t)count + 1);
    sopool_item item;
    int64_t got = 0;
    int status;

    MUST(it);
    for (; (status = sopool_imap_next(it, &item, 20000, &err)) == 1; got++) {
        ck_assert_int_lt((int64_t)item.index, count);
        if (!unordered)
            ck_assert_int_eq((int64_t)item.index, got);
        ck_assert_uint_eq(seen[item.index]++, 0);
        if (bad > 0 && (int64_t)item.index % bad == 0)
            ck_assert_str_eq(item.error->message, "a bad input");
        else
            ck_assert_int_eq(item_int(&item),
                             (int64_t)(item.index * item.index));
    }
    ck_assert_msg(status == 0, "%s", err.message);
    ck_assert_int_eq(sopool_imap_next(it, &item, 0, &err), 0);
    ck_assert_int_eq(got, count);
    sopool_imap_close(it);
    free(seen);
}

START_TEST(imap_gives_each_result_once)
{
    static const uint32_t chunks[] = {0, 1, 53};
    static const uint32_t windows[] = {0, 1, 40};
    sopool_pool *pool = pool_of(methods[_i]);

    for (size_t c = 0; c < 3; c++)
        for (size_t w = 0; w < 3; w++) {
            const sopool_stream_options how = {.chunksize = chunks[c],
                                               .window = windows[w]};

            run_imap(pool, windows[w] == 1 ? 200 : 2000, false, &how, 0);
            run_imap(pool, windows[w] == 1 ? 200 : 2000, true, &how, 0);
        }
    run_imap(pool, 0, false, NULL, 0);
    run_imap(pool, 1, true, NULL, 0);
    run_imap(pool, 50000, false, NULL, 0);
    end_pool(pool);
}
END_TEST

START_TEST(imap_an_input_that_fails_takes_its_place)
{
    sopool_pool *pool = pool_of(methods[_i]);

    run_imap(pool, 1, false, NULL, 1);
    run_imap(pool, 1000, false, NULL, 10);
    run_imap(pool, 1000, true, NULL, 3);
    run_imap(pool, 100, false, NULL, 1);
    end_pool(pool);
}
END_TEST

START_TEST(imap_is_lazy_over_endless_inputs)
{
    sopool_pool *pool = pool_of(methods[_i]);
    struct numbers n = {.count = -1};
    const sopool_stream_options how = {.window = 20};
    sopool_iterator *it =
        sopool_imap(pool, "behave.square", next_number, &n, &how, &err);
    sopool_item item;

    MUST(it);
    ck_assert_int_eq(n.at, 0);
    for (int64_t i = 0; i < 1000; i++) {
        ck_assert_int_eq(sopool_imap_next(it, &item, 20000, &err), 1);
        /* One more that was pulled may wait for its room. */
        ck_assert_int_le(n.at, i + 1 + 20 + 20 + 1);
    }
    sopool_imap_close(it);
    /* Without a window it is what keeps the workers busy. */
    n = (struct numbers){.count = -1};
    it = sopool_imap(pool, "faults.nap", next_number, &n, NULL, &err);
    MUST(sopool_imap_next(it, &item, 20000, &err) == 1);
    ck_assert_int_le(n.at, 50);
    sopool_imap_close(it);
    sopool_destroy(pool);
}
END_TEST

/* One input, then another only once the gate is open. */
struct slow {
    int at;
    const char *path;
    sopool_arg args[2];
};

static int next_slow(void *ctx, sopool_args *args, sopool_error *error)
{
    struct slow *slow = ctx;

    (void)error;
    if (slow->at++ == 1)
        return 0;
    slow->args[0] = sopool_arg_str(slow->path);
    slow->args[1] = sopool_arg_i64(1);
    *args = (sopool_args){slow->args, 2, NULL, 0};
    return 1;
}

START_TEST(imap_next_gives_up_in_time)
{
    sopool_pool *pool = pool_of(methods[_i]);
    gate path;
    struct slow slow = {.path = gate_new(path)};
    sopool_iterator *it =
        sopool_imap(pool, "behave.wait", next_slow, &slow, NULL, &err);
    sopool_item item;

    MUST(it);
    ck_assert_int_eq(sopool_imap_next(it, &item, 0, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    ck_assert_int_eq(sopool_imap_next(it, &item, 20, &err), -1);
    ck_assert_int_eq(err.code, SOPOOL_E_TIMEOUT);
    gate_open(path);
    ck_assert_int_eq(sopool_imap_next(it, &item, 20000, &err), 1);
    ck_assert_int_eq(sopool_imap_next(it, &item, 20000, &err), 0);
    sopool_imap_close(it);
    gate_remove(path);
    end_pool(pool);
}
END_TEST

START_TEST(imap_of_a_closed_pool_says_that_inputs_are_left)
{
    sopool_pool *pool = pool_of(methods[_i]);
    struct numbers n = {.count = -1};
    const sopool_stream_options how = {.window = 10, .unordered = _i % 2 == 1};
    sopool_iterator *it =
        sopool_imap(pool, "behave.square", next_number, &n, &how, &err);
    sopool_item item;
    int64_t got = 1;
    int status;

    MUST(sopool_imap_next(it, &item, 20000, &err) == 1);
    sopool_close(pool);
    while ((status = sopool_imap_next(it, &item, 20000, &err)) == 1)
        got++;
    ck_assert_int_eq(status, -1);
    ck_assert_int_eq(err.code, SOPOOL_E_CLOSED);
    ck_assert_ptr_nonnull(strstr(err.message, "not all inputs were read"));
    ck_assert_int_eq(got, n.at);
    ck_assert_int_eq(sopool_imap_next(it, &item, 0, &err), -1);
    MUST(sopool_join(pool, 20000, &err) == 0);
    sopool_imap_close(it);
    sopool_destroy(pool);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("calls");
    TCase *t = add_case(s, "apply");

    tcase_add_loop_test(t, apply_with_options_gives_the_same, 0, METHODS);
    tcase_add_loop_test(t, async_calls_give_their_own_results, 0, METHODS);
    tcase_add_test(t, what_cannot_be_submitted_is_refused);
    t = add_case(s, "map");
    tcase_add_loop_test(t, map_keeps_the_order, 0, METHODS);
    tcase_add_loop_test(t, map_of_nothing_is_done_at_once, 0, METHODS);
    tcase_add_loop_test(t, map_gives_a_list, 0, METHODS);
    tcase_add_loop_test(t, map_keeps_what_did_not_fail, 0, METHODS);
    tcase_add_loop_test(t, starmap_spreads_its_arguments, 0, METHODS);
    tcase_add_loop_test(t, values_may_be_large, 0, METHODS);
    tcase_add_loop_test(t, inputs_may_be_large_among_small_ones, 0, METHODS);
    if (!sanitized())
        tcase_add_loop_test(t, a_result_that_is_too_large_fails_alone, 0,
                            PROCESS_METHODS);
    t = add_case(s, "reading");
    tcase_add_loop_test(t, get_gives_up_in_time_and_can_be_repeated, 0,
                        METHODS);
    tcase_add_loop_test(t, items_can_be_read_before_all_are_done, 0, METHODS);
    t = add_case(s, "options");
    tcase_add_loop_test(t, a_call_has_its_own_time_limit, 0, METHODS);
    tcase_add_loop_test(t, a_call_has_its_own_retries, 0, PROCESS_METHODS);
    tcase_add_loop_test(t, urgent_calls_start_first, 0, METHODS);
    t = add_case(s, "imap");
    tcase_add_loop_test(t, imap_gives_each_result_once, 0, METHODS);
    tcase_add_loop_test(t, imap_an_input_that_fails_takes_its_place, 0,
                        METHODS);
    tcase_add_loop_test(t, imap_is_lazy_over_endless_inputs, 0, METHODS);
    tcase_add_loop_test(t, imap_next_gives_up_in_time, 0, METHODS);
    tcase_add_loop_test(t, imap_of_a_closed_pool_says_that_inputs_are_left, 0,
                        METHODS);
    return unit_run(s);
}
