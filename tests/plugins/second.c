/* second.c - another plugin, in whose file's place good.c may come. */
#include <sopool/task.h>

SOPOOL_TASK(cube, i64, "The cube of x.", (i64, x))
{
    *out = a->x * a->x * a->x;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(second, "0.1", cube);
