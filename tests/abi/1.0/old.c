/* old.c - a plugin by the headers of ABI 1.0 that lie beside it: what was built
 * then must run for ever. It does all that these headers offer. */
#include <sopool/task.h>

#include <string.h>

static int64_t loaded;

static int32_t load(sopool_call *call)
{
    (void)call;
    loaded = 42;
    return SOPOOL_OK;
}

SOPOOL_TASK(add, i64, "x + y.", (i64, x), (i64, y))
{
    if (a->x > 1000)
        return sopool_fail(call, "%" PRId64 " is too large", a->x);
    *out = a->x + a->y;
    return SOPOOL_OK;
}

SOPOOL_TASK(half, f64, "Half of x.", (f64, x))
{
    (void)call;
    *out = a->x / 2;
    return SOPOOL_OK;
}

SOPOOL_TASK(loaded_with, i64, "What the load hook has set.", (bool, whatever))
{
    (void)call;
    (void)a;
    *out = loaded;
    return SOPOOL_OK;
}

SOPOOL_TASK(twice, str, "The text, twice, written where the pool reads it.",
            (str, text))
{
    uint64_t size = a->text.size;
    char *scratch = sopool_scratch(call, size + 1);
    char *to = sopool_reserve(call, size * 2);

    if (scratch == NULL || to == NULL || sopool_should_stop(call))
        return sopool_fail(call, "no memory, or to stop");
    memcpy(scratch, a->text.ptr, size);
    memcpy(to, scratch, size);
    memcpy(to + size, scratch, size);
    out->ptr = to;
    out->size = size * 2;
    return SOPOOL_OK;
}

SOPOOL_TASK(reverse, bytes, "The bytes, from the last to the first.",
            (bytes, data))
{
    uint8_t *to = sopool_reserve(call, a->data.size);

    if (to == NULL)
        return sopool_fail(call, "no memory");
    for (uint64_t i = 0; i < a->data.size; i++)
        to[i] = a->data.ptr[a->data.size - 1 - i];
    out->ptr = to;
    out->size = a->data.size;
    return SOPOOL_OK;
}

SOPOOL_TASK(squares, list, "The squares of a list.", (list, numbers))
{
    sopool_reader r = sopool_reader_of(a->numbers.ptr, a->numbers.size);
    uint64_t count;
    int64_t x;

    (void)call;
    if (sopool_read_array(&r, &count) != 0)
        return sopool_fail(call, "no list");
    sopool_put_array(out, count);
    while (count-- > 0) {
        if (sopool_read_i64(&r, &x) != 0)
            return sopool_fail(call, "no number");
        sopool_put_i64(out, x * x);
    }
    return SOPOOL_OK;
}

SOPOOL_TASK(crash, bool, "Crashes.", (any, value))
{
    (void)call;
    (void)a;
    (void)out;
    __builtin_trap();
}

SOPOOL_PLUGIN_WITH(load, old, "1.0", add, half, loaded_with, twice, reverse,
                   squares, crash);
