/* clock.c - see clock.h. */
#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

enum {
    SLOW_NS = 100000,  /* a reading that was held up */
    SET_NS = 10000000, /* somebody has set the clock */
};

int64_t clock_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* The wall clock less ours, and how long it took to read both. */
static int64_t read_offset(int64_t *took)
{
    struct timespec wall = {0};
    int64_t before = clock_now();

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    *took = clock_now() - before;
    return wall.tv_sec * NS_PER_S + wall.tv_nsec - before;
}

/* Were the offset another one each time, by what passes between the readings,
 * things that follow one another would seem to overlap. So it stays until the
 * wall clock has been set. */
int64_t clock_since_1970(int64_t time)
{
    static atomic_int_least64_t kept;
    int64_t offset = atomic_load(&kept), took, now = read_offset(&took);

    for (int i = 0; i < 20 && took > SLOW_NS; i++)
        now = read_offset(&took);
    if (offset == 0 ||
        (took <= SLOW_NS && (now - offset > SET_NS || offset - now > SET_NS))) {
        offset = now;
        atomic_store(&kept, offset);
    }
    return time + offset;
}

int64_t clock_deadline(int64_t timeout_ms)
{
    int64_t now;

    if (timeout_ms < 0)
        return CLOCK_NEVER;
    now = clock_now();
    if (timeout_ms > (CLOCK_NEVER - now) / NS_PER_MS)
        return CLOCK_NEVER;
    return now + timeout_ms * NS_PER_MS;
}

void clock_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
}

int clock_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline)
{
    struct timespec at = {
        .tv_sec = (time_t)(deadline / NS_PER_S),
        .tv_nsec = (long)(deadline % NS_PER_S),
    };

    return deadline == CLOCK_NEVER ? pthread_cond_wait(cond, lock)
                                   : pthread_cond_timedwait(cond, lock, &at);
}
