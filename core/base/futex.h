/* futex.h - sleeping on a word of memory, also of memory that processes share.
 * None of these is a cancellation point. */
#ifndef SOPOOL_BASE_FUTEX_H
#define SOPOOL_BASE_FUTEX_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* Where time_t is wider than it once was, the call that knows. */
#ifndef SYS_futex
#define SYS_futex SYS_futex_time64
#endif
#ifdef SYS_futex_time64
#define FUTEX_CALL                                                             \
    (sizeof(time_t) > sizeof(long) ? SYS_futex_time64 : SYS_futex)
#else
#define FUTEX_CALL SYS_futex
#endif

/* Sleeps while the word is `value`; may return early. */
static inline void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
    (void)syscall(SYS_futex, (uint32_t *)word, FUTEX_WAIT, value, NULL, NULL,
                  0);
}

/* The same until a time by the clock: 0, or ETIMEDOUT. */
static inline int futex_wait_until(_Atomic uint32_t *word, uint32_t value,
                                   int64_t deadline)
{
    const struct timespec at = {
        .tv_sec = (time_t)(deadline / NS_PER_S),
        .tv_nsec = (long)(deadline % NS_PER_S),
    };
    long status = syscall(FUTEX_CALL, (uint32_t *)word, FUTEX_WAIT_BITSET,
                          value, deadline == CLOCK_NEVER ? NULL : &at, NULL,
                          FUTEX_BITSET_MATCH_ANY);

    return status != 0 && errno == ETIMEDOUT ? ETIMEDOUT : 0;
}

static inline void futex_wake(_Atomic uint32_t *word)
{
    (void)syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Wakes all that sleep. The word may be gone: nothing of it is read. */
static inline void futex_wake_all(_Atomic uint32_t *word)
{
    (void)syscall(SYS_futex, (uint32_t *)word, FUTEX_WAKE, INT_MAX, NULL, NULL,
                  0);
}

#endif
