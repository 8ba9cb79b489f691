/* ctor.c - a plugin whose constructor crashes. */
#include <stdlib.h>

#include <sopool/task.h>

static __attribute__((constructor)) void crash(void)
{
    abort();
}

SOPOOL_TASK(nothing, bool, "Never runs.")
{
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(ctor, "1.0", nothing);
