/* own_functions.c - functions of the program as tasks, without a plugin: they
 * are written in the same way, and forked workers inherit the program's data.
 */
#include <sopool/task.h>

#include "example.h"

static double table[1000]; /* made once, shared with all workers */

SOPOOL_TASK(look_up, f64, "An entry of the program's table.", (u64, index))
{
    if (a->index >= 1000)
        return sopool_fail(call, "there is no entry %" PRIu64, a->index);
    *out = table[a->index];
    return SOPOOL_OK;
}

SOPOOL_TASK(crash, bool, "Crashes, in its worker alone.")
{
    abort();
}

int main(void)
{
    sopool_options *options = sopool_options_new();
    sopool_error err = {0};
    sopool_value *value;
    sopool_pool *pool;
    double entry;

    for (int i = 0; i < 1000; i++)
        table[i] = i / 2.0;
    if (options == NULL ||
        sopool_options_set(options, "start_method", "fork", &err) != 0 ||
        sopool_register(options, "own", SOPOOL_TASK_OF(look_up), &err) != 0 ||
        sopool_register(options, "own", SOPOOL_TASK_OF(crash), &err) != 0 ||
        (pool = sopool_open_options(options, &err)) == NULL)
        fail(&err);
    sopool_options_free(options);

    if (sopool_apply(pool, "own.crash", SOPOOL_NO_ARGS, &err) == NULL)
        printf("%s: SIG%s\n", sopool_code_name(err.code),
               err.signal == 6 ? "ABRT" : "?");
    value = sopool_apply(pool, "own.look_up", SOPOOL_ARGS(7), &err);
    if (value == NULL || sopool_value_f64(value, &entry, &err) != 0)
        fail(&err);
    printf("entry 7 is %g\n", entry);
    sopool_value_free(value);
    finish(pool);
    return 0;
}
