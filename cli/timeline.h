/* timeline.h - what workers ran when, in bounded memory: a lane for each worker
 * at a time, each of so many bins. When the run outgrows them, two become one.
 * As long as calls are few, they are kept one by one too. */
#ifndef SOPOOL_CLI_TIMELINE_H
#define SOPOOL_CLI_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample.h"

enum {
    TIMELINE_BINS = 512,
    TIMELINE_LANES = 128,
    TIMELINE_SLICES = 2000,
};

struct timeline_bin {
    uint64_t busy_ns;
    uint32_t failed;   /* calls that ended in it */
    uint32_t restarts; /* of workers, that began in it */
};

struct lane {
    struct timeline_bin bin[TIMELINE_BINS];
    uint64_t calls, failed, restarts, busy_ns;
};

/* One call. */
struct slice {
    uint32_t lane;
    uint32_t worker;
    int64_t from_ns, to_ns;
    bool failed;
    struct brief brief;
};

struct timeline {
    int64_t start_ns; /* where the first bin begins */
    unsigned shift;   /* a bin is 2^shift ns long */
    uint32_t seats;   /* of each lane: more than one if there are very many */
    uint32_t lanes;   /* that are used */
    struct lane *lane[TIMELINE_LANES]; /* owned */
    uint64_t calls[TIMELINE_BINS];     /* that ended in each bin */
    struct slice *slice;               /* owned; NULL: there are too many */
    size_t slices;
};

/* 0, or -1: no memory. */
int timeline_init(struct timeline *timeline, int64_t start_ns);
void timeline_finish(struct timeline *timeline);

/* A call of the worker in that seat. */
void timeline_call(struct timeline *timeline, uint32_t seat,
                   const struct slice *slice);

/* A worker that takes the place of one started in that seat. */
void timeline_restart(struct timeline *timeline, uint32_t seat, int64_t at_ns);

#endif
