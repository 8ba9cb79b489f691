/* gaps.h - the times in which workers had nothing to run.
 *
 * Calls are told in the order of their inputs, which is nearly the order that a
 * worker ran them in, but not quite, and that it ended may be known before. So
 * gaps are held back for as many calls as may have been on their way: one that
 * comes late takes out of a gap the time that it ran in. */
#ifndef SOPOOL_CLI_GAPS_H
#define SOPOOL_CLI_GAPS_H

#include <stddef.h>
#include <stdint.h>

#include "place.h"

enum {
    GAPS_WAIT = 2 * PLACE_WINDOW, /* calls that a gap is held back for */
    GAPS_HELD = 2 * GAPS_WAIT,    /* at most; then the oldest is told */
    GAP_LEAST_NS = 1000000,       /* shorter ones are not worth a word */
};

struct gap {
    uint32_t worker;
    uint64_t known; /* since how many calls */
    int64_t from_ns, to_ns;
};

struct gaps {
    /* Takes a gap that will not change any more. */
    void (*tell)(void *ctx, const struct gap *gap);
    void *ctx;
    uint64_t calls;             /* that were told */
    struct gap held[GAPS_HELD]; /* a ring */
    size_t first, count;
};

void gaps_add(struct gaps *gaps, uint32_t worker, int64_t from_ns,
              int64_t to_ns);

/* One more call is told. Tells what can no longer change. */
void gaps_pass(struct gaps *gaps);

/* In that time the worker ran a call. */
void gaps_cut(struct gaps *gaps, uint32_t worker, int64_t from_ns,
              int64_t to_ns);

/* Tells all that are left. */
void gaps_end(struct gaps *gaps);

#endif
