/* unlinked.c - a plugin that needs a function which nobody has. */
#include <sopool/task.h>

int64_t sopool_test_nobody_has_this(int64_t x);

SOPOOL_TASK(call_it, i64, "Cannot be called.", (i64, x))
{
    *out = sopool_test_nobody_has_this(a->x);
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(unlinked, "1.0", call_it);
