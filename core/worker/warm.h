/* warm.h - memory that a worker has together with its pool for large data: the
 * first half for arguments, the second for results. Unlike the memory files of
 * single calls it is used again and again, so its pages need not be made anew;
 * therefore the pool copies what it finds there before it looks at it.
 */
#ifndef SOPOOL_WORKER_WARM_H
#define SOPOOL_WORKER_WARM_H

#include <stddef.h>
#include <stdint.h>

struct warm {
    uint8_t *args, *results; /* owned mappings, or NULL */
    size_t half;             /* bytes of each */
    uint64_t serial;         /* the pool's number for it; 0: there is none */
};

/* Maps the file that came with that number, instead of what there was. -1:
 * there is no memory. */
int warm_map(struct warm *warm, int fd, uint64_t serial);
void warm_finish(struct warm *warm);

#endif
