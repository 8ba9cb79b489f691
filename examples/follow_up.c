/* follow_up.c - a callback that submits the next call: here, Collatz's sequence
 * of 6 down to 1, each step a call. */
#include <semaphore.h>

#include "example.h"

struct chain {
    sopool_pool *pool;
    sem_t end;
};

static void submit(struct chain *chain, const char *task, sopool_args args);

static void step(sopool_result *result, void *ctx)
{
    struct chain *chain = ctx;
    sopool_error err = {0};
    sopool_value *value = sopool_result_get(result, 0, &err);
    int64_t x;

    if (value == NULL || sopool_value_i64(value, &x, &err) != 0)
        fail(&err);
    sopool_value_free(value);
    printf("%" PRId64 "\n", x);
    if (x == 1)
        sem_post(&chain->end);
    else
        submit(chain, "examples.nap",
               SOPOOL_ARGS(x % 2 == 0 ? x / 2 : 3 * x + 1));
}

static void submit(struct chain *chain, const char *task, sopool_args args)
{
    const sopool_call_options how = {.callback = step, .ctx = chain};
    sopool_error err = {0};
    sopool_result *result =
        sopool_apply_async(chain->pool, task, args, &how, &err);

    if (result == NULL)
        fail(&err);
    sopool_result_free(result);
}

int main(void)
{
    struct chain chain = {.pool = open_pool(SETTINGS("processes", "2"))};

    sem_init(&chain.end, 0, 0);
    submit(&chain, "examples.nap", SOPOOL_ARGS(6));
    sem_wait(&chain.end);
    finish(chain.pool);
    sem_destroy(&chain.end);
    return 0;
}
