/* fire_and_forget.c - calls whose results nobody wants: free the result at
 * once, the call is run all the same, and nothing is kept of it. */
#include "example.h"

int main(void)
{
    sopool_pool *pool = open_pool(SETTINGS("processes", "2"));
    sopool_error err = {0};
    sopool_stats stats;

    for (int i = 0; i < 1000; i++) {
        sopool_result *result = sopool_apply_async(pool, "math.is_prime",
                                                   SOPOOL_ARGS(i), NULL, &err);

        if (result == NULL)
            fail(&err);
        sopool_result_free(result);
    }
    sopool_close(pool);
    if (sopool_join(pool, -1, &err) != 0)
        fail(&err);
    sopool_get_stats(pool, &stats, NULL, 0);
    printf("%" PRIu64 " calls were done\n", stats.done);
    sopool_destroy(pool);
    return 0;
}
