/* smoke.c PLUGINS - calls with each start method, in TAP. */
#include <sopool.h>

#include <stdio.h>
#include <string.h>

static sopool_error err;

static sopool_pool *open_pool(const char *plugins, const char *method)
{
    sopool_options *options = sopool_options_new();
    sopool_pool *pool = NULL;

    if (sopool_options_set(options, "plugin_path", plugins, &err) == 0 &&
        sopool_options_set(options, "plugins.load", "behave", &err) == 0 &&
        sopool_options_set(options, "plugins.load", "faults", &err) == 0 &&
        sopool_options_set(options, "start_method", method, &err) == 0 &&
        sopool_options_set(options, "processes", "2", &err) == 0)
        pool = sopool_open_options(options, &err);
    sopool_options_free(options);
    return pool;
}

static bool squares(sopool_pool *pool)
{
    for (int64_t i = 0; i < 1000; i++) {
        sopool_value *value =
            sopool_apply(pool, "behave.square", SOPOOL_ARGS(i), &err);
        int64_t square = -1;

        if (value == NULL || sopool_value_i64(value, &square, &err) != 0)
            return false;
        sopool_value_free(value);
        if (square != i * i)
            return false;
    }
    return true;
}

/* A task that crashes is one call's failure. */
static bool dies(sopool_pool *pool)
{
    sopool_value *value =
        sopool_apply(pool, "faults.die", SOPOOL_ARGS("segv"), &err);

    return value == NULL && err.code == SOPOOL_E_DIED &&
           strstr(err.message, "SIGSEGV") != NULL;
}

static bool works(const char *plugins, const char *method)
{
    sopool_pool *pool = open_pool(plugins, method);
    bool good =
        pool != NULL && squares(pool) &&
        (strcmp(method, "thread") == 0 || (dies(pool) && squares(pool)));

    sopool_destroy(pool);
    return good;
}

int main(int argc, char **argv)
{
    static const char *const methods[] = {"forkserver", "spawn", "fork",
                                          "thread"};
    int failed = 0;

    for (size_t i = 0; argc == 2 && i < 4; i++) {
        bool good = works(argv[1], methods[i]);

        printf("%s %zu - calls by %s\n", good ? "ok" : "not ok", i + 2,
               methods[i]);
        if (!good)
            printf("# %s\n", err.message);
        failed |= !good;
    }
    return failed;
}
