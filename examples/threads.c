/* threads.c - the same API over threads: for tasks that mostly wait, and for
 * debugging. Nothing is isolated: a task that crashes ends the program. */
#include "example.h"

int main(void)
{
    enum { NAPS = 20 };
    sopool_pool *pool =
        open_pool(SETTINGS("start_method", "thread", "processes", "20"));
    sopool_arg inputs[NAPS];
    sopool_error err = {0};
    sopool_result *result;

    for (int i = 0; i < NAPS; i++)
        inputs[i] = sopool_arg_i64(50);
    result = sopool_map(pool, "examples.nap", inputs, NAPS, NULL, &err);
    if (result == NULL)
        fail(&err);
    printf("%zu naps, successful: %s\n", sopool_result_count(result),
           sopool_result_successful(result) ? "yes" : "no");
    sopool_result_free(result);
    finish(pool);
    return 0;
}
