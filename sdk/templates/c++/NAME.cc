/* @name@.cc - a plugin with one task. See README.md. */
#include <sopool/task.h>

SOPOOL_TASK(hello, str, "Greets.", (str, name))
{
    static const char before[] = "Hello, ";
    const uint64_t skip = sizeof(before) - 1;
    char *to = (char *)sopool_reserve(call, skip + a->name.size + 1);

    if (to == NULL)
        return sopool_fail(call, "no memory for a name of %" PRIu64 " bytes",
                           a->name.size);
    memcpy(to, before, skip);
    if (a->name.size > 0)
        memcpy(to + skip, a->name.ptr, a->name.size);
    to[skip + a->name.size] = '!';
    out->ptr = to;
    out->size = skip + a->name.size + 1;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(@name@, "0.1", hello);
