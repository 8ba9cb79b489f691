/* tasks.c - the plugin of the examples: tasks that take their time. */
#include <time.h>

#include <sopool/task.h>

static void rest(int64_t ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

static int64_t offset;

SOPOOL_TASK(setup, bool, "An initializer: sets what `shifted` adds.", (i64, x))
{
    offset = a->x;
    *out = true;
    return SOPOOL_OK;
}

SOPOOL_TASK(shifted, i64, "The square of x, and what `setup` has set.",
            (i64, x))
{
    *out = a->x * a->x + offset;
    return SOPOOL_OK;
}

SOPOOL_TASK(nap, i64, "Sleeps so many milliseconds, and gives them.", (i64, ms))
{
    rest(a->ms);
    *out = a->ms;
    return SOPOOL_OK;
}

SOPOOL_TASK(count, i64, "How often a byte occurs in the data.", (i64, byte),
            (bytes, data))
{
    (void)call;
    *out = 0;
    for (uint64_t i = 0; i < a->data.size; i++)
        *out += a->data.ptr[i] == a->byte;
    return SOPOOL_OK;
}

SOPOOL_TASK(patient, str, "Works until it is asked to stop.")
{
    while (!sopool_should_stop(call))
        rest(1);
    out->ptr = "stopped early";
    out->size = strlen(out->ptr);
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(examples, "1.0", setup, shifted, nap, count, patient);
