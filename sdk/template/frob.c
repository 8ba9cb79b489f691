/* frob.c - a plugin with one task. See README.md. */
#include <sopool/task.h>

static char frobbed(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

SOPOOL_TASK(run, str, "The text in ASCII capitals.", (str, text))
{
    char *to = (char *)sopool_reserve(call, a->text.size);
    uint64_t i;

    if (to == NULL)
        return sopool_fail(call, "no memory for %" PRIu64 " bytes",
                           a->text.size);
    for (i = 0; i < a->text.size; i++)
        to[i] = frobbed(a->text.ptr[i]);
    out->ptr = to;
    out->size = a->text.size;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(frob, "0.1", run);
