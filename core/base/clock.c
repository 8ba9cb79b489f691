/* clock.c - see clock.h. */
#include "base/clock.h"

#include <time.h>

int64_t clock_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_since_1970(int64_t time)
{
    struct timespec wall = {0};

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    return wall.tv_sec * NS_PER_S + wall.tv_nsec - (clock_now() - time);
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
