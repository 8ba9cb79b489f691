/* first.c - the first result of many, and the rest cancelled: when several ways
 * lead to the same answer, or one of several places has it. */
#include "example.h"

enum { CALLS = 6 };

int main(void)
{
    sopool_pool *pool = open_pool(SETTINGS("processes", "2"));
    sopool_result *result[CALLS];
    sopool_error err = {0};
    size_t cancelled = 0;

    for (int i = 0; i < CALLS; i++) {
        result[i] = sopool_apply_async(
            pool, "examples.nap", SOPOOL_ARGS(i == 1 ? 20 : 1500), NULL, &err);
        if (result[i] == NULL)
            fail(&err);
    }

    sopool_wait(result, CALLS, SOPOOL_FIRST_COMPLETED, -1, &err);
    for (int i = 0; i < CALLS; i++)
        if (sopool_result_done(result[i]))
            printf("number %d was first\n", i);
    for (int i = 0; i < CALLS; i++)
        cancelled += sopool_result_cancel(result[i]);

    printf("%s were cancelled\n", cancelled >= 3 ? "those not begun" : "none");
    for (int i = 0; i < CALLS; i++)
        sopool_result_free(result[i]);
    finish(pool);
    return 0;
}
