/* tasks.c - the tasks that are measured: as little as a task can do, and tasks
 * that take a given time. */
#include <time.h>

#include <sopool/task.h>

SOPOOL_TASK(noop, i64, "x itself.", (i64, x))
{
    (void)call;
    *out = a->x;
    return SOPOOL_OK;
}

SOPOOL_TASK(triple, i64, "Three times x.", (i64, x))
{
    (void)call;
    *out = a->x * 3;
    return SOPOOL_OK;
}

SOPOOL_TASK(echo, bytes, "The data itself.", (bytes, data))
{
    (void)call;
    *out = a->data;
    return SOPOOL_OK;
}

static int64_t now_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

SOPOOL_TASK(spin, i64, "Keeps a processor busy for ns nanoseconds.", (i64, ns))
{
    const int64_t until = now_ns() + a->ns;

    (void)call;
    while (now_ns() < until)
        ;
    *out = a->ns;
    return SOPOOL_OK;
}

SOPOOL_TASK(nap, i64, "Sleeps for us microseconds.", (i64, us))
{
    const struct timespec ts = {a->us / 1000000, a->us % 1000000 * 1000};

    (void)call;
    (void)nanosleep(&ts, NULL);
    *out = a->us;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(bench, "1.0", noop, triple, echo, spin, nap);
