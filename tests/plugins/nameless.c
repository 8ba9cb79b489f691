/* nameless.c - a plugin whose one symbol has another name. */
#include <sopool/task.h>

#define sopool_plugin_v1 sopool_plugin_of_another_name

SOPOOL_TASK(one, i64, "Cannot be called.")
{
    *out = 1;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(nameless, "1.0", one);
