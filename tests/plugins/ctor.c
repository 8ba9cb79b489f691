/* ctor.c - a plugin whose constructor crashes, or hangs if CTOR_HANGS is set.
 */
#include <stdlib.h>
#include <unistd.h>

#include <sopool/task.h>

static __attribute__((constructor)) void crash(void)
{
    while (getenv("CTOR_HANGS") != NULL)
        (void)pause();
    abort();
}

SOPOOL_TASK(nothing, bool, "Never runs.")
{
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(ctor, "1.0", nothing);
