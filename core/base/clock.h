/* clock.h - monotonic time in nanoseconds, and waiting by it. */
#ifndef SOPOOL_BASE_CLOCK_H
#define SOPOOL_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

/* A deadline that never comes. */
#define CLOCK_NEVER INT64_MAX

int64_t clock_now(void);

/* Such a time as people have it: nanoseconds since 1970. For what is told, not
 * for what is decided, because that clock can be set. */
int64_t clock_since_1970(int64_t time);

/* When a wait of `timeout_ms` that starts now ends; -1 is CLOCK_NEVER. */
int64_t clock_deadline(int64_t timeout_ms);

/* A condition to be waited for by clock_wait. */
void clock_cond_init(pthread_cond_t *cond);

/* Waits until the deadline: 0, or ETIMEDOUT. */
int clock_wait(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline);

#endif
