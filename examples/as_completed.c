/* as_completed.c - results in the order in which they are done, whatever the
 * order in which they were asked for. */
#include "example.h"

int main(void)
{
    static const int64_t naps[] = {1500, 10, 700};
    sopool_pool *pool = open_pool(SETTINGS("processes", "3"));
    sopool_result *result[3];
    sopool_completed *completed;
    sopool_error err = {0};
    size_t index;

    for (int i = 0; i < 3; i++) {
        result[i] = sopool_apply_async(pool, "examples.nap",
                                       SOPOOL_ARGS(naps[i]), NULL, &err);
        if (result[i] == NULL)
            fail(&err);
    }
    completed = sopool_as_completed(result, 3, &err);
    if (completed == NULL)
        fail(&err);
    while (sopool_completed_next(completed, &index, -1, &err) == 1)
        printf("number %zu slept %" PRId64 " ms\n", index, naps[index]);
    sopool_completed_free(completed);
    for (int i = 0; i < 3; i++)
        sopool_result_free(result[i]);
    finish(pool);
    return 0;
}
