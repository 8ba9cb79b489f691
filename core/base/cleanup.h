/* cleanup.h - what a scope lets go of when it is left. Inside core/ and cli/
 * only, never in a header that is installed. */
#ifndef SOPOOL_BASE_CLEANUP_H
#define SOPOOL_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *ptr)
{
    free(*(void **)ptr);
}

static inline void cleanup_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_free)))
#define CLEANUP_FD __attribute__((cleanup(cleanup_fd)))

#endif
