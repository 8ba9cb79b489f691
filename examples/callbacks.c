/* callbacks.c - asynchronous calls that tell when they are done. Callbacks are
 * called one after the other, on a thread of the pool's. */
#include "example.h"

struct totals {
    int64_t sum;
    int good, bad;
};

static void on_result(sopool_result *result, void *ctx)
{
    struct totals *totals = ctx;
    sopool_error err = {0};
    sopool_value *value = sopool_result_get(result, 0, &err);
    int64_t square;

    if (value == NULL || sopool_value_i64(value, &square, &err) != 0)
        fail(&err);
    totals->sum += square;
    totals->good++;
    sopool_value_free(value);
}

static void on_error(sopool_result *result, void *ctx)
{
    struct totals *totals = ctx;
    sopool_error why = {0};

    if (sopool_result_exception(result, 0, &why, NULL) == 1)
        printf("failed: %s\n", why.message);
    totals->bad++;
}

int main(void)
{
    sopool_pool *pool = open_pool(SETTINGS("processes", "2"));
    struct totals totals = {0};
    const sopool_call_options how = {
        .callback = on_result, .error_callback = on_error, .ctx = &totals};
    sopool_error err = {0};

    for (int i = 1; i <= 100; i++) {
        int64_t x = i == 50 ? INT64_MAX : i; /* one whose square is too large */
        sopool_result *result =
            sopool_apply_async(pool, "math.square", SOPOOL_ARGS(x), &how, &err);

        if (result == NULL)
            fail(&err);
        sopool_result_free(result); /* the callback is called all the same */
    }
    finish(pool); /* waits for the callbacks, too */
    printf("%d good, %d bad, sum %" PRId64 "\n", totals.good, totals.bad,
           totals.sum);
    return 0;
}
