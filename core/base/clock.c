/* clock.c - see clock.h. */
#include "base/clock.h"

#include <time.h>

int64_t clock_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
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
