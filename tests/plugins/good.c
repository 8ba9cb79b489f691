/* good.c - a plugin with nothing wrong with it. */
#include <sopool/task.h>

SOPOOL_TASK_WITH(SOPOOL_PURE | SOPOOL_IDEMPOTENT, square, i64,
                 "The square of x.", (i64, x))
{
    if (__builtin_mul_overflow(a->x, a->x, out))
        return sopool_fail(call, "the square of %" PRId64 " is too large",
                           a->x);
    return SOPOOL_OK;
}

SOPOOL_TASK(greet, str, "\"Grüße\" and a name.", (str, name), (bool, loud))
{
    static const char greeting[] = "Grüße, ";
    const uint64_t head = sizeof(greeting) - 1;
    char *to = (char *)sopool_reserve(call, head + a->name.size + 1);

    if (to == NULL)
        return sopool_fail(call, "no memory");
    memcpy(to, greeting, (size_t)head);
    if (a->name.size > 0)
        memcpy(to + head, a->name.ptr, (size_t)a->name.size);
    to[head + a->name.size] = a->loud ? '!' : '.';
    out->ptr = to;
    out->size = head + a->name.size + 1;
    return SOPOOL_OK;
}

SOPOOL_TASK(nothing, any, "")
{
    return sopool_put_null(out) == 0 ? SOPOOL_OK
                                     : sopool_fail(call, "no memory");
}

SOPOOL_PLUGIN(good, "1.2", square, greet, nothing);
