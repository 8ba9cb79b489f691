/* stop.c - stopping safely: what has not begun is cancelled, and what runs is
 * asked to end early by a flag that tasks look at. sopool_stop may be called
 * in a signal handler, so Ctrl-C ends a program like this in good order. */
#include <signal.h>
#include <string.h>

#include "example.h"

static sopool_pool *pool;

static void on_signal(int sig)
{
    (void)sig;
    sopool_stop(pool);
}

static void show(sopool_result *result)
{
    sopool_error err = {0};
    sopool_value *value = sopool_result_get(result, -1, &err);
    const char *text;
    size_t size;

    if (value == NULL)
        printf("%s\n", sopool_code_name(err.code));
    else if (sopool_value_str(value, &text, &size, &err) == 0)
        printf("%.*s\n", (int)size, text);
    sopool_value_free(value);
    sopool_result_free(result);
}

int main(void)
{
    sopool_result *result[4];
    sopool_error err = {0};

    pool = open_pool(SETTINGS("processes", "2"));
    signal(SIGINT, on_signal);
    for (int i = 0; i < 4; i++) {
        result[i] = sopool_apply_async(pool, "examples.patient", SOPOOL_NO_ARGS,
                                       NULL, &err);
        if (result[i] == NULL)
            fail(&err);
    }
    while (!sopool_result_running(result[0]) ||
           !sopool_result_running(result[1]))
        ;
    raise(SIGINT); /* as if the user had pressed Ctrl-C */
    if (sopool_join(pool, -1, &err) != 0)
        fail(&err);
    for (int i = 0; i < 4; i++)
        show(result[i]);
    sopool_destroy(pool);
    return 0;
}
