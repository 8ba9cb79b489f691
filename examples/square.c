/* square.c - a pool whose workers are initialized, and replaced after ten
 * calls. The same as a config file:
 *
 *     processes: 2
 *     initializer: examples.setup
 *     initargs: [1000]
 *     maxtasksperchild: 10
 */
#include "example.h"

int main(int argc, char **argv)
{
    sopool_error err = {0};
    sopool_pool *pool;
    sopool_stats stats;

    if (argc != 2) {
        fprintf(stderr, "usage: square CONFIG.yaml\n");
        return 2;
    }
    pool = sopool_open(argv[1], &err);
    if (pool == NULL)
        fail(&err);
    for (int i = 0; i < 30; i++) {
        sopool_value *value =
            sopool_apply(pool, "examples.shifted", SOPOOL_ARGS(i), &err);
        int64_t square;

        if (value == NULL || sopool_value_i64(value, &square, &err) != 0)
            fail(&err);
        if (i % 10 == 0)
            printf("%d -> %" PRId64 "\n", i, square);
        sopool_value_free(value);
    }
    sopool_get_stats(pool, &stats, NULL, 0);
    printf("%" PRIu64 " calls, more than two workers: %s\n", stats.done,
           stats.started > 2 ? "yes" : "no");
    finish(pool);
    return 0;
}
