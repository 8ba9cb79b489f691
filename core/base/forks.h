/* forks.h - locks of the whole process, not of a pool, which a child of fork()
 * must find free, whoever held them in the parent.
 *
 *     FORKS_WAIT_FOR(lock)
 *
 * at the end of a file, for a static pthread_mutex_t of it: fork() then waits
 * until nobody holds it. Such a lock is held for a short time, or while a
 * plugin is opened, by nobody who takes another one of them.
 */
#ifndef SOPOOL_BASE_FORKS_H
#define SOPOOL_BASE_FORKS_H

#include <pthread.h>

enum { FORKS_LOCKS = 8 }; /* most of them */

void forks_wait_for(pthread_mutex_t *lock);

#define FORKS_WAIT_FOR(lock)                                                   \
    static __attribute__((constructor)) void wait_for_##lock(void)             \
    {                                                                          \
        forks_wait_for(&lock);                                                 \
    }

#endif
