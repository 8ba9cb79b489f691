/* progress.c - how far a map is, while it runs; on stderr, so that results on
 * stdout stay clean. */
#include <stdio.h>

#include "example.h"

enum { INPUTS = 60 };

int main(void)
{
    sopool_pool *pool = open_pool(SETTINGS("processes", "2"));
    sopool_arg inputs[INPUTS];
    sopool_error err = {0};
    sopool_result *result;
    size_t shown = 0;

    for (int i = 0; i < INPUTS; i++)
        inputs[i] = sopool_arg_i64(10);
    result = sopool_map_async(pool, "examples.nap", inputs, INPUTS, NULL, &err);
    if (result == NULL)
        fail(&err);
    while (sopool_result_wait(result, 50, NULL) != 0) {
        sopool_stats stats;

        shown = sopool_result_progress(result);
        sopool_get_stats(pool, &stats, NULL, 0);
        fprintf(stderr, "\r%zu of %d, %u busy ", shown, INPUTS, stats.busy);
    }
    fprintf(stderr, "\r%*s\r", 40, "");
    printf("%zu of %d\n", sopool_result_progress(result), INPUTS);
    sopool_result_free(result);
    finish(pool);
    return 0;
}
