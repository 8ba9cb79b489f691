/* example.h - what all examples do when something fails: say why, and end. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <sopool.h>

static inline _Noreturn void fail(const sopool_error *err)
{
    fprintf(stderr, "%s: %s\n", sopool_code_name(err->code), err->message);
    exit(1);
}

/* A pool with a few keys of a config file set: key, text, ..., NULL. */
static inline sopool_pool *open_pool(const char *const *settings)
{
    sopool_options *options = sopool_options_new();
    sopool_error err = {0};
    sopool_pool *pool;

    if (options == NULL)
        exit(1);
    for (; *settings != NULL; settings += 2)
        if (sopool_options_set(options, settings[0], settings[1], &err) != 0)
            fail(&err);
    pool = sopool_open_options(options, &err);
    if (pool == NULL)
        fail(&err);
    sopool_options_free(options);
    return pool;
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Ends a pool whose calls are all to be done first. */
static inline void finish(sopool_pool *pool)
{
    sopool_error err = {0};

    sopool_close(pool);
    if (sopool_join(pool, -1, &err) != 0)
        fail(&err);
    sopool_destroy(pool);
}

#endif
