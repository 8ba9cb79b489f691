/* forks.c - see forks.h. */
#include "base/forks.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/sanitized.h"

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define IS_ALONE (__libc_single_threaded != 0)
#else
#define IS_ALONE false
#endif

static pthread_mutex_t *locks[FORKS_LOCKS];
static int count;
static _Thread_local bool held; /* in between, by the thread that forks */

/* A process of one thread holds none, and its child need not touch them. The
 * thread sanitizer looks away in a child of a process with threads, and would
 * hold a lock that was made anew for one that is locked. */
static void before(void)
{
    held = !IS_ALONE && !SANITIZED_THREAD;
    for (int i = 0; held && i < count; i++)
        pthread_mutex_lock(locks[i]);
}

static void in_parent(void)
{
    for (int i = count; held && i-- > 0;)
        pthread_mutex_unlock(locks[i]);
}

/* The thread that holds them has another number here, so they are made anew. */
static void in_child(void)
{
    for (int i = 0; held && i < count; i++)
        (void)pthread_mutex_init(locks[i], NULL);
}

void forks_wait_for(pthread_mutex_t *lock)
{
    if (count == FORKS_LOCKS)
        abort();
    if (count == 0)
        (void)pthread_atfork(before, in_parent, in_child);
    locks[count++] = lock;
}
