/* kill.c - ending what does not end by itself: one running call, whose worker
 * is replaced; then everything. */
#include "example.h"

static sopool_result *nap(sopool_pool *pool, int64_t ms)
{
    sopool_error err = {0};
    sopool_result *result =
        sopool_apply_async(pool, "examples.nap", SOPOOL_ARGS(ms), NULL, &err);

    if (result == NULL)
        fail(&err);
    return result;
}

static void show(const char *what, sopool_result *result)
{
    sopool_error why = {0};

    if (sopool_result_exception(result, -1, &why, &why) == 1)
        printf("%s: %s (%s)\n", what, why.message,
               sopool_ender_name(why.ended_by));
    else
        printf("%s: done\n", what);
    sopool_result_free(result);
}

int main(void)
{
    sopool_pool *pool = open_pool(SETTINGS("processes", "1"));
    sopool_result *hung = nap(pool, 60000);
    sopool_result *after = nap(pool, 1);

    while (!sopool_result_running(hung))
        ;
    sopool_result_kill(hung);
    show("killed", hung);
    show("after it", after);

    hung = nap(pool, 60000);
    while (!sopool_result_running(hung))
        ;
    sopool_terminate(pool);
    show("terminated", hung);
    sopool_destroy(pool);
    return 0;
}
