/* steady.c - once a pool is at work, a call needs no allocation and no system
 * call, and many calls share a lock. Run by steady.sh, with count.c preloaded.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sopool.h>

enum { ALLOCATIONS, LOCKS, CALLS, KINDS };
enum { WINDOW = 2000, WARM = 40000, COUNTED = 200000 };

/* In the library that is preloaded. */
long counted(int kind) __attribute__((weak));

static sopool_error err;

static void fail(void)
{
    (void)fprintf(stderr, "steady: %s\n", err.message);
    exit(1);
}

/* One way to make that many calls. */
typedef void make_calls(sopool_pool *pool, int64_t count);

static void by_apply(sopool_pool *pool, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        sopool_value *value =
            sopool_apply(pool, "math.square", SOPOOL_ARGS(i % 1000), &err);

        if (value == NULL)
            fail();
        sopool_value_free(value);
    }
}

static void by_apply_async(sopool_pool *pool, int64_t count)
{
    static sopool_result *results[WINDOW];

    for (int64_t i = 0; i < count + WINDOW; i++) {
        sopool_result **at = &results[i % WINDOW];

        if (i >= WINDOW) {
            sopool_value *value = sopool_result_get(*at, -1, &err);

            if (value == NULL)
                fail();
            sopool_value_free(value);
            sopool_result_free(*at);
        }
        if (i < count && (*at = sopool_apply_async(pool, "math.square",
                                                   SOPOOL_ARGS(i % 1000), NULL,
                                                   &err)) == NULL)
            fail();
    }
}

static int next_input(void *ctx, sopool_args *args, sopool_error *why)
{
    static sopool_arg arg;
    int64_t *left = ctx;

    (void)why;
    if (*left == 0)
        return 0;
    arg = sopool_arg_i64(--*left % 1000);
    *args = (sopool_args){&arg, 1, NULL, 0};
    return 1;
}

static void by_imap(sopool_pool *pool, int64_t count)
{
    sopool_iterator *it =
        sopool_imap(pool, "math.square", next_input, &count, NULL, &err);
    sopool_item item;

    if (it == NULL)
        fail();
    while (sopool_imap_next(it, &item, -1, &err) == 1)
        ;
    sopool_imap_close(it);
}

/* What is allowed for a call. */
static const struct way {
    const char *name;
    make_calls *make;
    double most[KINDS];
} ways[] = {
    {"apply", by_apply, {0.001, 3.1, 0.25}},
    {"apply_async", by_apply_async, {0.001, 0.5, 0.1}},
    {"imap", by_imap, {0.01, 0.1, 0.1}},
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static const char *const kinds[KINDS] = {"allocations", "locks",
                                         "system calls"};

static int check(sopool_pool *pool, const struct way *way, int number)
{
    long before[KINDS];
    int good = 1;

    way->make(pool, WARM);
    for (int kind = 0; kind < KINDS; kind++)
        before[kind] = counted(kind);
    way->make(pool, COUNTED);
    for (int kind = 0; kind < KINDS; kind++) {
        double each = (double)(counted(kind) - before[kind]) / COUNTED;

        printf("# %s: %.5f %s for a call\n", way->name, each, kinds[kind]);
        good = good && each <= way->most[kind];
    }
    printf("%sok %d - %s in steady state\n", good ? "" : "not ", number,
           way->name);
    return good;
}

int main(void)
{
    sopool_options *options = sopool_options_new();
    sopool_pool *pool;
    int good = 1;

    if (counted == NULL) {
        (void)fprintf(stderr, "steady: count.so is not preloaded\n");
        return 99;
    }
    if (sopool_options_set(options, "processes", "2", &err) != 0 ||
        sopool_options_set(options, "plugins.load", "math", &err) != 0)
        fail();
    pool = sopool_open_options(options, &err);
    if (pool == NULL)
        fail();
    sopool_options_free(options);
    for (int i = 0; i < WAYS; i++)
        good &= check(pool, &ways[i], i + 1);
    sopool_close(pool);
    (void)sopool_join(pool, -1, NULL);
    sopool_destroy(pool);
    return good ? 0 : 1;
}
