/* badhook.c - a plugin whose load hook fails. */
#include <sopool/task.h>

static int32_t load(sopool_call *call)
{
    return sopool_fail(call, "the moon is not full");
}

SOPOOL_TASK(nothing, bool, "Never runs.")
{
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN_WITH(load, badhook, "1.0", nothing);
