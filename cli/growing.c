/* growing.c - see growing.h. */
#include "growing.h"

#include <stdlib.h>

static void *grow(void *ctx, void *data, size_t need)
{
    (void)ctx;
    return realloc(data, need);
}

sopool_writer growing_writer(void)
{
    return (sopool_writer){.grow = grow};
}
