/* gaps.h - the times in which workers had nothing to run.
 *
 * Calls are told in the order of their inputs, which is nearly the order that a
 * worker ran them in, but not quite. So the latest gaps are held back for a
 * while: a call that comes late takes out of one the time that it ran in. */
#ifndef SOPOOL_CLI_GAPS_H
#define SOPOOL_CLI_GAPS_H

#include <stddef.h>
#include <stdint.h>

enum {
    GAPS_HELD = 1024,
    GAP_LEAST_NS = 1000000, /* shorter ones are not worth a word */
};

struct gap {
    uint32_t worker;
    int64_t from_ns, to_ns;
};

struct gaps {
    /* Takes a gap that will not change any more. */
    void (*tell)(void *ctx, const struct gap *gap);
    void *ctx;
    struct gap held[GAPS_HELD]; /* a ring */
    size_t first, count;
};

void gaps_add(struct gaps *gaps, uint32_t worker, int64_t from_ns,
              int64_t to_ns);

/* In that time the worker ran a call. */
void gaps_cut(struct gaps *gaps, uint32_t worker, int64_t from_ns,
              int64_t to_ns);

/* Tells all. */
void gaps_end(struct gaps *gaps);

#endif
